import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Which messages are leased", .blocking)
struct LeaseChoiceTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    private func ids(_ answer: LeaseAnswer) -> [MessageID] {
        answer.leases.flatMap { $0.messages.map(\.outgoing.id) }
    }

    /// A lease's messages were refused together.
    private func refuse(_ lease: Lease) throws {
        try sending.outbox.record(
            lease.messages.map { .stopped($0.outgoing.id, lease, together: true) }, counts: [:])
    }

    /// So many messages of one send request each, the oldest first.
    private func queue(_ count: Int, provider: Provider = .infobip) throws -> [MessageID] {
        let start = Timestamp.now.advanced(by: .seconds(-600))
        return try (0..<count).map { number in
            try sending.accept(
                .sample(provider: provider, at: start.advanced(by: .seconds(number))))[0]
        }
    }

    @Test("a refused request is tried in halves until the bad one is alone; no attempt counts")
    func halves() throws {
        let queued = try sending.accept(.sample(recipients: 41))
        let bad = queued[17]
        var requests = 0
        var taken: Set<MessageID> = []
        var sizes: [Int] = []
        while taken.count < 40 {
            let answer = try sending.lease(requests: 4)
            try #require(!answer.leases.isEmpty && requests < 30)
            for lease in answer.leases {
                requests += 1
                let messages = lease.messages.map(\.outgoing.id)
                #expect(lease.messages.allSatisfy { $0.attempt == 1 })
                if messages.contains(bad) {
                    sizes.append(messages.count)
                    try refuse(lease)
                } else {
                    taken.formUnion(messages)
                    try sending.outbox.record(messages.map { .accepted($0, lease.id) }, counts: [:])
                }
            }
        }
        #expect(sizes.first == 41 && sizes.contains(1) && sizes.count <= 8)
        #expect(requests <= 15)
        #expect(try sending.row(bad, "state, attempts, batch_limit") == "1|0|1")
    }

    @Test("messages that are sent apart have some requests while others wait, all if none does")
    func apart() throws {
        let refused = try sending.accept(.sample(recipients: 16))
        try refuse(try #require(sending.lease().leases.first))
        try sending.database.run("update outbox set batch_limit = 1")
        let others = try sending.accept(.sample(recipients: 30))
        let first = try sending.lease(requests: 4, apart: 2, batch: 10)
        #expect(first.leases.map(\.messages.count) == [1, 1, 10, 10])
        #expect(first.leases.map(\.isApart) == [true, true, false, false])
        #expect(Set(ids(first).suffix(20)).isSubset(of: others))
        let second = try sending.lease(requests: 6, apart: 2, batch: 10)
        #expect(second.leases.map(\.messages.count) == [1, 1, 10, 1, 1, 1])
        let third = try sending.lease(requests: 6, apart: 0)
        #expect(third.leases.count == 6 && third.nextAt == nil)
        #expect(Set(ids(third)).isSubset(of: refused))
        let fourth = try sending.lease(requests: 100, apart: 1)
        #expect(fourth.leases.count == 3)
        #expect(Set([first, second, third, fourth].flatMap(ids)) == Set(refused + others))
        #expect(try sending.lease().leases.isEmpty)
    }

    @Test("the newest come first on request, messages that were tried after the others")
    func newest() throws {
        let queued = try queue(10)
        try sending.database.run(
            "update outbox set attempts = 1 where message_id = '\(queued[9])'")
        #expect(
            ids(try sending.lease(choice: .newest, requests: 3, messages: 3, batch: 1))
                == [queued[8], queued[7], queued[6]])
        #expect(Set(ids(try sending.lease(choice: .newest))) == Set(queued[..<6] + [queued[9]]))
        #expect(try sending.lease(choice: .newest).leases.isEmpty)
    }

    @Test("a trial is one message, from the given place")
    func trialPlace() throws {
        let queued = try queue(500)
        func trial(_ place: Double?) throws -> Int? {
            let answer = try sending.lease(
                choice: .trial(.init(isFresh: false, place: place, avoiding: [])))
            #expect(answer.leases.count == 1 && answer.leases.first?.messages.count == 1)
            return ids(answer).first.flatMap { queued.firstIndex(of: $0) }
        }
        let end = try #require(try trial(nil))
        let middle = try #require(try trial(0.5))
        let beginning = try #require(try trial(0))
        #expect(end >= 400 && (150...350).contains(middle) && beginning <= 101)
    }

    @Test("a trial prefers a message without stop or attempt, to another country")
    func trialChoice() throws {
        func trial(isFresh: Bool = false) throws -> MessageID? {
            ids(
                try sending.lease(
                    choice: .trial(.init(isFresh: isFresh, place: nil, avoiding: ["+417"])))
            ).first
        }
        let queued = try queue(5)
        try sending.database.run(
            """
            update outbox set met_stop_at = now(), batch_limit = 1
                where message_id = '\(queued[0])';
            update outbox set met_stop_at = now(), batch_limit = 7
                where message_id = '\(queued[1])';
            update outbox set attempts = 2 where message_id = '\(queued[2])';
            update outbox set recipient = '+447700900123' where message_id = '\(queued[4])';
            """)
        #expect(try trial() == queued[4])
        #expect(try trial() == queued[3])
        #expect(try trial(isFresh: true) == queued[2])
        // It met the stop with others, so it may not be the cause.
        #expect(try trial(isFresh: true) == queued[1])
        #expect(try trial(isFresh: true) == nil)
        #expect(try trial() == queued[0])
        #expect(try trial() == nil)
    }

    @Test("a message that met a stop shows whether others were accepted, leased with it or later")
    func evidence() throws {
        try sending.accept(.sample())
        let before = try #require(sending.lease().leases.first)
        let bad = try sending.accept(.sample())[0]
        func lease() throws -> Lease {
            try #require(
                sending.lease().leases.first { $0.messages.contains { $0.outgoing.id == bad } })
        }
        func earlier(_ lease: Lease) -> LeasedMessage.EarlierStop? {
            lease.messages.first { $0.outgoing.id == bad }?.earlierStop
        }
        func take(_ lease: Lease) throws {
            var counts = SendCounts()
            counts.takenAt = lease.leasedAt
            try sending.outbox.record([], counts: [.infobip: counts])
        }
        let first = try lease()
        #expect(earlier(first) == nil)
        try sending.outbox.record([.stopped(bad, first)], counts: [:])
        // Leased before: it may have been accepted before the account was stopped.
        try take(before)
        let second = try lease()
        #expect(earlier(second) == .init(blame: 0, othersWereTaken: false))
        try sending.outbox.record([.stopped(bad, second)], counts: [:])
        // Leased with it.
        try take(second)
        let third = try lease()
        #expect(earlier(third) == .init(blame: 0, othersWereTaken: true))
        try sending.outbox.record([.stopped(bad, third, blame: 3)], counts: [:])
        // Not since then.
        let fourth = try lease()
        #expect(earlier(fourth) == .init(blame: 3, othersWereTaken: false))
        try sending.outbox.record([.stopped(bad, fourth, blame: 4)], counts: [:])
        // Later than it, and by any dispatcher.
        try sending.accept(.sample())
        let later = try sending.lease().leases
        let fifth = try #require(later.first { $0.isApart })
        try take(try #require(later.first { !$0.isApart }))
        try sending.outbox.record([.stopped(bad, fifth, blame: 5)], counts: [:])
        #expect(try sending.row(bad, "blame, attempts") == "5|0")
        #expect(earlier(try lease()) == .init(blame: 5, othersWereTaken: true))
        // At another provider this means nothing.
        try sending.database.run(
            """
            update outbox set state = 1, lease_id = null, dispatcher = null, due_at = now()
            where message_id = '\(bad)'
            """)
        let moved = try #require(
            sending.lease(.plivo, insteadOf: [.infobip], batch: 1).leases.first {
                $0.messages[0].outgoing.id == bad
            })
        #expect(earlier(moved) == nil)
        #expect(try sending.row(bad, "blame, met_stop_at is null") == "0|t")
    }

    @Test("none of it reads the whole of a long queue")
    func readsLittle() throws {
        try sending.database.run(
            """
            insert into send_request (id, accepted_at, give_up_at, segments, encoding, is_pinned, body)
            values ('00000000-0000-7000-8000-000000000001', now(), now() + interval '1 day', 1,
                'gsm-7', false, 'Hello');
            insert into outbox (message_id, send_request_id, due_at, give_up_at, provider, state, is_bound,
                recipient)
            select gen_random_uuid(), '00000000-0000-7000-8000-000000000001',
                now() - n * interval '1 millisecond', now() + interval '1 day', 1, 1, false,
                '+4179' || (1000000 + n)
            from generate_series(1, 100000) as n;
            analyze outbox;
            """)
        let choices: [LeaseRequest.Choice] = [
            .oldest, .newest, .trial(.init(isFresh: true, place: nil, avoiding: ["+417"])),
            .trial(.init(isFresh: false, place: 0.5, avoiding: [])),
        ]
        for choice in choices {
            let before = try rowsRead()
            let answer = try sending.lease(choice: choice, requests: 1, messages: 100)
            #expect(answer.leases.count == 1)
            let read = try waitUntilCounted(since: before)
            #expect(read < 10_000, "\(choice) read \(read) rows")
        }
    }

    private func rowsRead() throws -> Int {
        Int(
            try sending.database.run(
                """
                select seq_tup_read + idx_tup_fetch from pg_stat_user_tables
                where relname = 'outbox'
                """)) ?? 0
    }

    /// The server counts a little later.
    private func waitUntilCounted(since before: Int) throws -> Int {
        var count = 0
        let isCounted = try waitUntil(within: .seconds(20)) {
            count = try rowsRead() - before
            return count > 0
        }
        #expect(isCounted)
        return count
    }
}

extension OutboxChange {
    /// The provider accepts nothing.
    static func stopped(
        _ message: MessageID, _ lease: Lease, blame: Int = 0, together: Bool = false
    ) -> OutboxChange {
        OutboxChange(
            message: message, lease: lease.id, step: .ready(at: .now), event: nil,
            countsAttempt: false, batchLimit: together ? (lease.messages.count + 1) / 2 : 1,
            stop: MetStop(at: lease.leasedAt, blame: blame))
    }
}
