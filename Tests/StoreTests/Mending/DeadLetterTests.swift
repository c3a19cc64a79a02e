import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Dead letters", .blocking)
struct DeadLetterTests {
    private let sending: SendingHarness
    private let letters: DeadLetterStore

    init() throws {
        sending = try SendingHarness()
        letters = DeadLetterStore(
            try sending.database.pool(), feed: ChangeFeed(), logger: .silent)
    }

    /// Queues messages that a provider then refuses for good.
    @discardableResult
    private func refused(_ count: Int = 1, provider: Provider = .infobip) throws -> [MessageID] {
        let messages = try sending.accept(.sample(recipients: count, provider: provider))
        while true {
            let leases = try sending.lease(provider).leases
            if leases.isEmpty { return messages }
            for lease in leases {
                try sending.outbox.record(
                    lease.messages.map { .refused($0.outgoing.id, lease.id) }, counts: [:])
            }
        }
    }

    private func page(
        _ filter: DeadLetterFilter = DeadLetterFilter(), after position: DeadLetterPosition? = nil,
        limit: Int = 100
    ) throws -> [DeadLetter] {
        try letters.page(of: filter, after: position, limit: limit)
    }

    @Test(
        "are listed with their reasons, the latest first, and each page goes on from the last one")
    func lists() throws {
        let first = try refused(3)
        let second = try refused(2)
        try sending.database.run(
            "update dead_letter set provider = 2 where message_id in ("
                + second.map { "'\($0)'" }.joined(separator: ",") + ")")
        let all = try page()
        #expect(Set(all.map(\.message)) == Set(first + second))
        #expect(all.map(\.at) == all.map(\.at).sorted(by: >))
        #expect(all.allSatisfy { $0.problem == .sample && $0.attempts == 1 })
        #expect(all.allSatisfy { $0.status == .rejected && $0.refusal == nil })
        var walked: [MessageID] = []
        var position: DeadLetterPosition?
        while let last = try page(after: position, limit: 2).last {
            walked += try page(after: position, limit: 2).map(\.message)
            position = DeadLetterPosition(at: last.at, message: last.message)
        }
        #expect(walked == all.map(\.message))

        var filter = DeadLetterFilter()
        filter.provider = .plivo
        #expect(Set(try page(filter).map(\.message)) == Set(second))
        #expect(try letters.count(of: filter).count == 2)
        filter.code = "none"
        #expect(try page(filter).isEmpty)
        filter = DeadLetterFilter()
        filter.sendRequest = all.last?.sendRequest
        #expect(Set(try page(filter).map(\.message)) == Set(first))
        filter = DeadLetterFilter()
        filter.until = all.first?.at
        #expect(try page(filter).contains { $0.at == all.first?.at } == false)
    }

    @Test("A message that is retried is queued as new: all attempts, all time, its events kept")
    func retries() throws {
        let message = try refused()[0]
        #expect(try sending.status(message) == .rejected)
        #expect(try letters.retry(message, by: .sample) == .queued)
        #expect(try sending.status(message) == .queued)
        #expect(
            try sending.row(message, "state, attempts, is_bound, give_up_at - due_at")
                == "1|0|f|01:00:00")
        #expect(try page().isEmpty)
        #expect(
            try sending.messages.events(of: message, limit: 10).map(\.kind) == [.refused, .retried])
        #expect(
            try sending.database.run(
                "select action, object from audit where action like 'message.retry%'")
                == "message.retry|\(message)")
        // A second time there is nothing to do, and the first answer is not an error's.
        #expect(try letters.retry(message, by: .sample) == .unknown)

        let lease = try #require(try sending.lease().leases.first)
        #expect(lease.messages.map(\.attempt) == [1])
        #expect((lease.messages.first?.giveUpAt ?? .now) > .now.advanced(by: .seconds(3500)))
        try sending.outbox.record([.refused(message, lease.id)], counts: [:])
        #expect(try sending.status(message) == .rejected)
        #expect(try page().map(\.message) == [message])
        try sending.database.expectExactCounts()
    }

    @Test("The change of a retry is told to those who follow, and counted")
    func tells() throws {
        let recorder = ChangeRecorder()
        let message = try refused()[0]
        let letters = DeadLetterStore(
            try sending.database.pool(), feed: ChangeFeed([recorder]), logger: .silent)
        #expect(try letters.retry(message, by: .sample) == .queued)
        #expect(recorder.all.map(\.message) == [message])
        #expect(recorder.all.map(\.status) == [.queued])
        try sending.database.expectExactCounts()
    }

    @Test("What the provider reported on is not sent again, nor what is under way or has no text")
    func refuses() throws {
        let messages = try refused(4)
        try sending.database.run(
            """
            insert into report (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at,
                provider, status, source)
            values ('\(messages[0])', 1, 1, 1, '\(messages[0])', now(), 1, 4, 1);
            insert into outbox (
                message_id, send_request_id, due_at, give_up_at, provider, state, is_bound,
                recipient)
            select '\(messages[1])', send_request_id, now(), now(), 1, 1, false, ''
            from dead_letter where message_id = '\(messages[1])';
            """)
        #expect(try letters.retry(messages[0], by: .sample) == .refused(.reported))
        #expect(try letters.retry(messages[1], by: .sample) == .refused(.underWay))
        let shown = Dictionary(
            uniqueKeysWithValues: try page().map { ($0.message, $0.refusal) })
        #expect(shown[messages[0]] == .reported && shown[messages[2]] == .some(nil))
        let result = try letters.retry(DeadLetterFilter(), by: .sample)
        #expect(result.queued == 2 && result.left.count == 0)
        #expect(try Set(page().map(\.message)) == Set(messages[0...1]))

        let gone = try refused()[0]
        try sending.database.run(
            "delete from send_request where id = (select send_request_id from message"
                + " where id = '\(gone)')")
        #expect(try letters.retry(gone, by: .sample) == .refused(.textGone))
        #expect(try letters.retry(.new(at: .now), by: .sample) == .unknown)
    }

    @Test("A filter retries in portions until none is left, and leaves out what may have been sent")
    func retriesAll() throws {
        let messages = try refused(1250)
        let unsure = messages[0..<3]
        try sending.database.run(
            "update dead_letter set code = 'undecided' where message_id in ("
                + unsure.map { "'\($0)'" }.joined(separator: ",") + ")")
        var filter = DeadLetterFilter()
        filter.provider = .infobip
        let first = try letters.retry(filter, by: .sample)
        #expect(first.queued == 1000 && first.left.count == 247 && !first.left.isBound)
        let second = try letters.retry(filter, by: .sample)
        #expect(second.queued == 247 && second.left.count == 0)
        #expect(Set(try page().map(\.message)) == Set(unsure))
        #expect(
            try sending.database.run(
                "select sum((detail->>'messages')::integer) from audit"
                    + " where action = 'message.retry_all' and detail->>'provider' = 'infobip'")
                == "1247")
        filter.code = DeadLetter.undecided
        #expect(try letters.retry(filter, by: .sample).queued == 3)
        #expect(try sending.database.run("select count(*) from outbox where state = 1") == "1250")
        try sending.database.expectExactCounts()
    }

    @Test("Two who retry the same queue each message once")
    func races() throws {
        let messages = try refused(600)
        let queued = Mutex(0)
        let errors = Mutex<[String]>([])
        let letters = letters
        let threads = (0..<2).map { _ in
            Worker {
                do {
                    let result = try letters.retry(DeadLetterFilter(), by: .sample)
                    queued.withLock { $0 += result.queued }
                } catch {
                    errors.withLock { $0.append("\(error)") }
                }
            }
        }
        for thread in threads { #expect(thread.join()) }
        #expect(errors.withLock { $0 } == [])
        // Whoever finds that the other one has a batch stops; what is left is found the next time.
        let rest = try letters.retry(DeadLetterFilter(), by: .sample).queued
        #expect(queued.withLock { $0 } + rest == messages.count)
        #expect(
            try sending.database.run(
                "select count(*), count(distinct message_id) from event where kind = 13")
                == "600|600")
    }
}
