import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Leases whose commit nobody heard of", .blocking)
struct LostLeaseTests {
    private let sending: SendingHarness
    private let relay: LossyRelay
    /// A dispatcher whose connection loses answers.
    private let outbox: OutboxStore

    init() throws {
        sending = try SendingHarness()
        relay = try LossyRelay(to: sending.database.server.port)
        let settings = try ConnectionSettings(
            "postgresql://waybill_dispatch:secret@127.0.0.1:\(relay.port)/\(sending.database.name)")
        outbox = OutboxStore(
            ConnectionPool(settings, maximumCount: 2), settings: settings, feed: ChangeFeed(),
            logger: .silent)
    }

    private func request(_ requests: Int = 2) -> LeaseRequest {
        LeaseRequest(
            provider: .infobip, insteadOf: [], requests: requests, messages: 1000, rate: nil,
            duration: .seconds(60), dispatcher: 1, batchCount: { min($0.count, 5) })
    }

    @Test(
        "no message is leased twice, none is lost, and none counts as tried",
        arguments: [LossyRelay.Loss.answer, .commit])
    func putsBack(loss: LossyRelay.Loss) throws {
        let queued =
            try sending.accept(.sample(recipients: 10)) + sending.accept(.sample(recipients: 10))
        // A connection that was idle: its failure is what a pool repeats.
        _ = try outbox.providers()
        relay.loseNext(loss)
        let error = #expect(throws: StoreFailure.self) { try outbox.lease(request()) }
        #expect(error?.code == .unavailable)
        #expect(relay.lossCount == 1)
        #expect(
            try sending.database.run(
                "select count(*), max(attempts) from outbox where state = 1 and lease_id is null")
                == "20|0")
        let again = try outbox.lease(request(4))
        let messages = again.leases.flatMap(\.messages)
        #expect(messages.count == 20)
        #expect(Set(messages.map(\.outgoing.id)) == Set(queued))
        #expect(messages.allSatisfy { $0.attempt == 1 })
        #expect(try sending.database.run("select count(*) from outbox where state = 2") == "20")
        #expect(try sending.database.run("select count(*) from event") == "0")
    }

    @Test("while the database is away they wait, and are returned before another takes them over")
    func waits() throws {
        let queued = try sending.accept(.sample(recipients: 10))
        _ = try outbox.providers()
        try refuseConnections(true)
        relay.loseNext(.answer)
        #expect(throws: StoreFailure.self) { try outbox.lease(request()) }
        #expect(try sending.database.run("select count(*) from outbox where state = 2") == "10")
        try refuseConnections(false)
        // Its number is not held any more, and still they do not count as sent.
        let taken = try waitForAnswer { () throws(StoreFailure) in try outbox.takeOver(at: .now) }
        #expect(taken == 0)
        #expect(
            try sending.database.run("select count(*) from outbox where state = 1") == "10")
        #expect(try sending.status(queued[0]) == .queued)
    }

    @Test("messages that another dispatcher took over are sent at once, without a status query")
    func takesBack() throws {
        let queued = try sending.accept(.sample(recipients: 10))
        _ = try outbox.providers()
        try refuseConnections(true)
        relay.loseNext(.answer)
        #expect(throws: StoreFailure.self) { try outbox.lease(request()) }
        try refuseConnections(false)
        #expect(try sending.outbox.takeOver(at: .now) == 10)
        // Another dispatcher has continued with one of them.
        try sending.outbox.record([.notFound(queued[0])], counts: [:])
        #expect(try sending.row(queued[0], "state, attempts") == "1|1")
        let answer = try waitForAnswer { () throws(StoreFailure) in try outbox.lease(request()) }
        let attempts = answer.leases.flatMap(\.messages).map { message in
            message.outgoing.id == queued[0] ? message.attempt - 1 : message.attempt
        }
        #expect(attempts == Array(repeating: 1, count: 10))
    }

    @Test("messages that another dispatcher may have sent stay as they are")
    func leavesOthers() throws {
        let queued = try sending.accept(.sample(recipients: 10))
        _ = try outbox.providers()
        try refuseConnections(true)
        relay.loseNext(.commit)
        #expect(throws: StoreFailure.self) { try outbox.lease(request()) }
        // The commit never happened, so another one leases, sends, and gets no answer.
        let lease = try sending.database.run(
            """
            update outbox set state = 3, attempts = 1, attempted_at = clock_timestamp(),
                due_at = now() + interval '1 hour'
            where state = 1
            returning message_id
            """)
        #expect(lease.split(separator: "\n").count == 10)
        try refuseConnections(false)
        let answer = try waitForAnswer { () throws(StoreFailure) in try outbox.lease(request()) }
        #expect(answer.leases.isEmpty)
        #expect(
            try sending.database.run("select count(*) from outbox where state = 3") == "10")
        #expect(queued.count == 10)
    }

    @Test("a step that the latest attempt sent nothing settles messages that were taken over")
    func settles() throws {
        let (message, lease) = try sending.leased()
        try sending.database.run("update outbox set due_at = now()")
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        func putBack(countsAttempt: Bool) -> OutboxChange {
            .deferred(message, lease, countsAttempt: countsAttempt)
        }
        try sending.outbox.record([putBack(countsAttempt: true)], counts: [:])
        #expect(try sending.row(message, "state, attempts") == "3|1")
        try sending.outbox.record([putBack(countsAttempt: false)], counts: [:])
        #expect(try sending.row(message, "state, attempts") == "1|0")
        _ = try sending.lease()
        try sending.database.run("update outbox set attempts = 2, due_at = now()")
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        try sending.outbox.record([putBack(countsAttempt: false)], counts: [:])
        #expect(try sending.row(message, "state, attempts") == "3|2")
    }

    /// Only new ones; the relay has broken the old one.
    private func refuseConnections(_ isOn: Bool) throws {
        try sending.database.run(
            "alter database \(sending.database.name) connection limit \(isOn ? 0 : -1)")
    }

    /// The pool pauses before it tries an unreachable server again.
    private func waitForAnswer<Answer>(
        _ ask: () throws(StoreFailure) -> Answer
    ) throws -> Answer {
        var answer: Answer?
        let isThere = waitUntil(within: .seconds(30)) {
            answer = try? ask()
            return answer != nil
        }
        #expect(isThere)
        return try #require(answer)
    }
}
