import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Messages queued", .blocking)
struct SendQueueTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness(connections: 8)
    }

    private func count(_ table: String) throws -> String {
        try sending.database.run("select count(*) from \(table)")
    }

    @Test("a request for a thousand recipients is written whole, and read back")
    func isWritten() throws {
        let sendRequest = try SendRequest.sample(
            recipients: 1000, validityMinutes: 60, callbackData: "c", metadata: #"{"a":"\u0000"}"#)
        let ids = try sending.accept(sendRequest)
        #expect(try count("message") == "1000")
        #expect(try count("outbox") == "1000")
        let message = try #require(try sending.messages.message(ids[7]))
        #expect(message.isOurs && message.status == .queued && message.provider == .infobip)
        #expect(message.recipient == sendRequest.recipients[7].number.description)
        #expect(message.sender == "Waybill" && message.providerMessageID == ids[7].description)
        #expect(
            message.sending
                == SendDetails(
                    sendRequest: sendRequest.id, submitter: sendRequest.submitter, segments: 1,
                    encoding: .gsm7, validityMinutes: 60,
                    sendAt: nil,
                    callbackData: "c", metadata: #"{"a":"\u0000"}"#, text: "Hello", attempts: 0,
                    lastProblem: nil))
        #expect(message.parts == nil && message.decisive == nil)
        #expect(
            try sending.row(
                ids[7], "state, attempts, is_bound, due_at = give_up_at - interval '1h'")
                == "1|0|f|t")
        let plivo = try sending.accept(.sample(provider: .plivo))[0]
        #expect(
            try sending.database.run(
                """
                select is_key_derived, provider_message_id is null, fingerprint from message
                where id = '\(plivo)'
                """) == "f|t|0")
    }

    @Test("a send request that cannot be written whole leaves nothing")
    func isAllOrNothing() throws {
        let first = try SendRequest.sample(recipients: 2)
        try sending.accept(first)
        let new = try SendRequest.sample(recipients: 3)
        let clash = SendRequest(
            id: new.id, acceptedAt: new.acceptedAt, submitter: new.submitter,
            recipients: new.recipients + [first.recipients[0]],
            sender: nil, text: "", isPinned: false, giveUpAt: new.giveUpAt)
        let idempotency = Idempotency.sample()
        #expect(throws: StoreFailure.self) { try sending.queue.accept(clash, idempotency) }
        #expect(throws: StoreFailure.self) { try sending.queue.accept(clash, nil) }
        #expect(try count("send_request") == "1")
        #expect(try count("message") == "2")
        #expect(try count("outbox") == "2")
        #expect(try sending.queue.accept(new, idempotency) == .queued)
    }

    @Test(
        "a send request that is written again after an unknown commit queues nothing a second time")
    func isSafeToRepeat() throws {
        let sendRequest = try SendRequest.sample(recipients: 2)
        try sending.accept(sendRequest)
        try sending.database.run("delete from outbox")
        try sending.accept(sendRequest)
        #expect(try count("outbox") == "0")
        #expect(try count("message") == "2")
    }

    @Test("a key gives its answer again, to the same request of the same caller only")
    func remembersKeys() throws {
        let queue = sending.queue
        func accept(_ idempotency: Idempotency, at time: Timestamp = .now) throws -> Acceptance {
            try queue.accept(.sample(at: time), idempotency)
        }
        let first = Idempotency.sample(answer: "1")
        #expect(try accept(first) == .queued)
        #expect(try accept(.sample(answer: "2")) == .repeated(first.answer))
        #expect(try accept(.sample(digest: 2)) == .keyTaken)
        #expect(try accept(.sample(caller: 2, digest: 2)) == .queued)
        #expect(try accept(.sample(key: "other")) == .queued)
        let kept = StoredAnswer(status: 200, body: [1, 2])
        let other = Idempotency.sample(key: "other")
        let keptOther = StoredAnswer(status: 202, body: [3])
        // In one commit; one whose key is another send request's changes nothing.
        try queue.keep([
            KeptAnswer(kept, for: first), KeptAnswer(keptOther, for: other),
            KeptAnswer(keptOther, for: .sample(caller: 2, digest: 3)),
        ])
        #expect(try accept(.sample()) == .repeated(kept))
        #expect(try accept(other) == .repeated(keptOther))
        let untouched = Idempotency.sample(caller: 2, digest: 2)
        #expect(try accept(untouched) == .repeated(untouched.answer))
        let named = Idempotency.sample(key: "named", message: .new(at: .now))
        #expect(try accept(named) == .queued)
        #expect(try accept(named) == .repeated(named.answer))
        #expect(try count("message") == "4")

        let tomorrow = Timestamp.now.advanced(by: .seconds(86_401))
        #expect(try accept(.sample(digest: 2), at: tomorrow) == .queued)
        #expect(try accept(.sample(), at: tomorrow) == .keyTaken)
    }

    @Test("of many requests with one key at the same time one is queued, the others get its answer")
    func racesForKey() throws {
        for round in 0..<5 {
            let outcomes = Mutex<[Acceptance]>([])
            let workers = (0..<8).map { [queue = sending.queue] number in
                Worker {
                    let idempotency = Idempotency.sample(key: "\(round)", answer: "\(number)")
                    guard
                        let sendRequest = try? SendRequest.sample(recipients: 5),
                        let outcome = try? queue.accept(sendRequest, idempotency)
                    else { return }
                    outcomes.withLock { $0.append(outcome) }
                }
            }
            for worker in workers { #expect(worker.join()) }
            let all = outcomes.withLock { $0 }
            #expect(all.count == 8)
            #expect(all.count { $0 == .queued } == 1)
            let answers = all.compactMap { outcome in
                if case .repeated(let answer) = outcome { answer.body } else { nil }
            }
            #expect(answers.count == 7 && Set(answers).count == 1)
        }
        #expect(try count("message") == "25")
    }

    @Test("a hundred requests of a thousand take at most 20 times as long as copying their rows")
    func isFast() throws {
        let sendRequests = try (0..<100).map { _ in try SendRequest.sample(recipients: 1000) }
        let clock = ContinuousClock()
        let accepting = try clock.measure {
            for sendRequest in sendRequests { try sending.accept(sendRequest) }
        }
        try sending.database.run(
            """
            create table message_copy (like message including all);
            create table outbox_copy (like outbox including all)
            """)
        let copying = try clock.measure {
            try sending.database.run(
                """
                begin; insert into message_copy select * from message;
                insert into outbox_copy select * from outbox; commit
                """)
        }
        print("accepting 100,000 messages took \(accepting), copying their rows \(copying)")
        #expect(try count("outbox") == "100000")
        #expect(accepting < copying * 20)
    }

    @Test("a message is cancelled once, and only while it is not leased")
    func cancels() throws {
        let now = Timestamp.now
        let id = try sending.accept(.sample())[0]
        #expect(try sending.queue.cancel(id, at: now, by: .sample) == .cancelled)
        #expect(try sending.status(id) == .cancelled)
        #expect(try sending.row(id) == "")
        #expect(try sending.messages.events(of: id, limit: 9).map(\.kind) == [.cancelled])
        #expect(try sending.queue.cancel(id, at: now, by: .sample) == .tooLate(.cancelled))

        let (other, lease) = try sending.leased()
        #expect(try sending.queue.cancel(other, at: now, by: .sample) == .tooLate(.queued))
        try sending.outbox.record([.deferred(other, lease)], counts: [:])
        #expect(try sending.queue.cancel(other, at: now, by: .sample) == .cancelled)
        #expect(try sending.queue.cancel(.new(at: now), at: now, by: .sample) == .unknown)
    }

    @Test("a message is either cancelled or leased, never both")
    func racesForMessage() throws {
        let ids = try sending.accept(.sample(recipients: 200))
        let cancelled = Mutex<Set<MessageID>>([])
        let canceller = Worker { [queue = sending.queue] in
            for id in ids.shuffled()
            where (try? queue.cancel(id, at: .now, by: .sample)) == .cancelled {
                cancelled.withLock { _ = $0.insert(id) }
            }
        }
        var leased: Set<MessageID> = []
        for _ in 0..<50 {
            let answer = try sending.lease(requests: 1, batch: 3)
            leased.formUnion(answer.leases.flatMap { $0.messages.map(\.outgoing.id) })
        }
        #expect(canceller.join())
        let called = cancelled.withLock { $0 }
        #expect(called.isDisjoint(with: leased))
        #expect(called.union(leased) == Set(ids))
    }

    @Test("the states of messages come with the reason of the provider that refused them")
    func tellsStates() throws {
        let queued = try sending.accept(.sample())[0]
        let id = try sending.accept(.sample(provider: .plivo))[0]
        let lease = try sending.lease(.plivo).leases[0].id
        try sending.outbox.record([.refused(id, lease)], counts: [:])
        let states = try sending.queue.states(of: [queued, id, .new(at: .now)])
        #expect(
            states == [
                queued: SendState(status: .queued, problem: nil, provider: .infobip),
                id: SendState(status: .rejected, problem: .sample, provider: .plivo),
            ])
    }
}
