import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Sending

@Suite("The remaining validity", .blocking, .timeLimit(.minutes(10)))
struct ValidityTests {
    /// A message of five minutes' validity, accepted at the start.
    private func leased(_ number: Int = 0, attempt: Int = 2) throws -> LeasedMessage {
        try Samples.leased(number, attempt: attempt, giveUpIn: 300, validityMinutes: 5)
    }

    @Test(
        "only the remaining validity is passed on, and never a second more",
        arguments: [(0, 300), (1, 299), (60, 240), (299, 1), (300, 0), (900, 0)])
    func left(elapsed: Int, expected: Int) throws {
        let message = try leased()
        let sent = message.outgoing(at: Samples.time(elapsed))
        #expect(sent.validitySeconds == expected)
        #expect(sent.validityMinutes == 5)
        let later = Samples.time(elapsed).advanced(by: .milliseconds(1))
        #expect(message.outgoing(at: later).validitySeconds == max(0, expected - 1))
    }

    @Test("a first attempt at once has all of it; one that had to wait has not")
    func first() throws {
        let message = try leased(attempt: 1)
        #expect(message.outgoing(at: Samples.time(5)).validitySeconds == 300)
        #expect(message.outgoing(at: Samples.time(6)).validitySeconds == 294)
    }

    @Test("without a validity nothing is passed on, however late it is")
    func none() throws {
        let message = try Samples.leased(0, attempt: 2, giveUpIn: 10)
        #expect(message.outgoing(at: Samples.time(9)).validitySeconds == nil)
        let lease = Samples.lease([message])
        #expect(lease.split(leastValiditySeconds: 60, at: Samples.time(20)).expired.isEmpty)
    }

    @Test("each message of a lease is checked by itself")
    func split() throws {
        let messages = [
            try leased(0), try Samples.leased(1, attempt: 2, giveUpIn: 400, validityMinutes: 10),
            try Samples.leased(2),
        ]
        let lease = Samples.lease(messages)
        let all = lease.split(leastValiditySeconds: 5, at: Samples.time(295))
        #expect(all.sent.messages.count == 3 && all.expired.isEmpty)
        let (sent, expired) = lease.split(leastValiditySeconds: 5, at: Samples.time(296))
        #expect(sent.id == lease.id)
        #expect(sent.messages.map(\.outgoing.id) == messages[1...].map(\.outgoing.id))
        #expect(expired.map(\.outgoing.id) == [messages[0].outgoing.id])
    }

    @Test("a message with less than the provider takes has expired without being sent")
    func expires() throws {
        let outbox = ScriptedOutbox()
        let transport = ScriptedTransport()
        // Years ago and in years, by the clock that the dispatcher has.
        let late = try Samples.leased(0, attempt: 2, giveUpIn: -1_000_000_000, validityMinutes: 5)
        let mixed = Samples.lease([
            late, try Samples.leased(1, giveUpIn: 1_000_000_000, validityMinutes: 5),
        ])
        outbox.state.withLock { $0.leases = [Samples.lease([late]), mixed] }
        let dispatcher = Dispatcher(
            [
                Dispatcher.Lane(
                    provider: PlainProvider(), concurrency: 2, batchLimit: 10, rate: nil,
                    reconcile: [.seconds(60)])
            ], settings: Dispatcher.Settings(), outbox: outbox, transport: transport,
            sink: WillingSink(), notifier: CountingBell(), logger: .silent)
        let isAsked = waitUntil(within: .seconds(20)) { transport.requestCount == 1 }
        #expect(isAsked)
        transport.answerAll(.status(200))
        #expect(dispatcher.stop(within: .seconds(20)))
        let recorded = outbox.state.withLock { $0.recorded }
        #expect(transport.requestCount == 1)
        #expect(recorded.count == 3)
        let expired = recorded.filter { $0.event?.kind == .expired }
        #expect(expired.map(\.message) == [late.outgoing.id, late.outgoing.id])
        for change in expired {
            #expect(change.step == .done)
            #expect(change.event?.status == .expired)
            #expect(change.deadLetter?.code == "validity_over")
        }
        #expect(recorded.contains { $0.event?.kind == .accepted })
    }
}
