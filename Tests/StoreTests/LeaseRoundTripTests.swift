import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("What a lease costs", .blocking)
struct LeaseRoundTripTests {
    private let sending: SendingHarness
    private let connection: Connection

    init() throws {
        sending = try SendingHarness()
        connection = try Connection(sending.database.dispatcher)
        // So that all statements used here are prepared.
        for choice in [LeaseRequest.Choice.oldest, .newest] {
            try sending.accept(.sample())
            try sending.accept(.sample(provider: .plivo))
            try count(request(choice, insteadOf: [.plivo], rate: (1e6, 1e6)))
        }
        let tried = try sending.leased().message
        try putBack(tried)
        try count(request(.oldest))
        try count(request(.oldest))
        try sending.database.run("delete from outbox")
    }

    private func request(
        _ choice: LeaseRequest.Choice, insteadOf: [Provider] = [],
        rate: (perSecond: Double, burst: Double)? = nil
    ) -> LeaseRequest {
        LeaseRequest(
            provider: .infobip, insteadOf: insteadOf, choice: choice, requests: 4, messages: 100,
            rate: rate, duration: .seconds(60), dispatcher: 1, batchCount: { $0.count })
    }

    /// Leases, and returns the round trips that it took and the messages.
    @discardableResult
    private func count(_ request: LeaseRequest) throws -> (trips: Int, messages: Int) {
        let before = connection.roundTripCount
        guard case .known(let answer) = try OutboxStore.leaseOnce(request, on: connection) else {
            Issue.record("the outcome is unknown")
            return (0, 0)
        }
        let messages = answer.leases.reduce(0) { $0 + $1.messages.count }
        return (connection.roundTripCount - before, messages)
    }

    /// The message was tried, and is known by a report to be with the provider.
    private func putBack(_ id: MessageID) throws {
        try sending.database.run(
            """
            update outbox set state = 1, lease_id = null, dispatcher = null, due_at = now();
            update message set fingerprint = 1, status = \(Status.delivered.code)
            where id = '\(id)'
            """)
    }

    @Test("two round trips find that nothing is due, and when something will be")
    func nothing() throws {
        #expect(try count(request(.oldest)) == (2, 0))
        let later = Timestamp.now.advanced(by: .seconds(600))
        try sending.accept(.sample(sendAt: later))
        #expect(try count(request(.oldest)) == (2, 0))
    }

    @Test("three lease what is due, one more with a rate", arguments: [false, true])
    func due(hasRate: Bool) throws {
        try sending.accept(.sample(recipients: 10))
        let rate = hasRate ? (perSecond: 1e6, burst: 1e6) : nil
        #expect(try count(request(.oldest, rate: rate)) == (hasRate ? 4 : 3, 10))
        try sending.accept(.sample(recipients: 3))
        #expect(try count(request(.newest, rate: rate)) == (hasRate ? 4 : 3, 3))
    }

    @Test("another provider's messages cost one more")
    func takeover() throws {
        try sending.accept(.sample(recipients: 2))
        try sending.accept(.sample(recipients: 3, provider: .plivo))
        #expect(try count(request(.oldest, insteadOf: [.plivo])) == (4, 5))
    }

    @Test("messages that a report shows to be sent cost no more")
    func reported() throws {
        let tried = try sending.leased().message
        try putBack(tried)
        try sending.accept(.sample())
        #expect(try count(request(.oldest)) == (3, 1))
        #expect(try sending.row(tried) == "4")
    }
}
