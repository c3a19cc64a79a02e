import Domain
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Sending

@Suite("Dispatcher", .blocking, .timeLimit(.minutes(10)))
struct DispatcherTests {
    private let outbox = ScriptedOutbox()
    private let transport = ScriptedTransport()

    private func dispatcher(
        concurrency: Int = 2, provider: PlainProvider = PlainProvider(),
        sendTimeout: Duration = .seconds(30)
    ) -> Dispatcher {
        var settings = Dispatcher.Settings()
        settings.sendTimeout = sendTimeout
        return Dispatcher(
            [
                Dispatcher.Lane(
                    provider: provider, concurrency: concurrency, batchLimit: 10, rate: nil,
                    reconcile: [.seconds(60)])
            ], settings: settings, outbox: outbox, transport: transport,
            sink: WillingSink(), notifier: CountingBell(), logger: .silent)
    }

    /// One message each.
    private func queue(_ numbers: Range<Int>) throws {
        let leases = try numbers.map {
            Samples.lease([try Samples.leased($0, giveUpIn: 1_000_000_000)])
        }
        outbox.state.withLock { $0.leases += leases }
    }

    private var recorded: [OutboxChange] { outbox.state.withLock { $0.recorded } }

    private func eventually(_ condition: () -> Bool) -> Bool {
        waitUntil(within: .seconds(20), condition)
    }

    @Test(
        "No more requests are in flight than allowed; a slot is free once its result is written")
    func slots() throws {
        try queue(0..<5)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 2 })
        outbox.state.withLock { $0.outages = .max }
        transport.answer(.status(200))
        #expect(eventually { outbox.state.withLock { $0.recordCalls } > 0 })
        #expect(transport.requestCount == 2)
        // Half a second after the database is reachable the result is written once, and its slot is
        // free.
        outbox.state.withLock { $0.outages = 0 }
        #expect(eventually { transport.requestCount == 3 })
        #expect(recorded.count == 1)
        #expect(transport.pendingCount == 2)
        #expect(outbox.state.withLock { $0.leaseRequests.allSatisfy { $0.requests <= 2 } })
        let areWritten = eventually {
            transport.answerAll(.status(200))
            return recorded.count == 5
        }
        #expect(areWritten)
        #expect(dispatcher.stop(within: .seconds(20)))
        #expect(transport.requestCount == 5)
        #expect(Set(recorded.map(\.message)).count == 5)
        #expect(recorded.allSatisfy { $0.event?.kind == .accepted })
    }

    @Test("A stop waits for the answers under way, and leases nothing more")
    func stops() throws {
        try queue(0..<2)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 2 })
        let isStopped = Mutex<Bool?>(nil)
        Thread.detachNewThread {
            let result = dispatcher.stop(within: .seconds(20))
            isStopped.withLock { $0 = result }
        }
        transport.answer(.status(200))
        #expect(eventually { recorded.count == 1 })
        #expect(isStopped.withLock { $0 } == nil)
        transport.answer(.status(503))
        #expect(eventually { isStopped.withLock { $0 } == true })
        #expect(recorded.map(\.event?.kind) == [.accepted, .deferred])
        let leases = outbox.state.withLock { $0.leaseRequests.count }
        try queue(2..<3)
        dispatcher.wake()
        #expect(transport.requestCount == 2)
        #expect(outbox.state.withLock { $0.leaseRequests.count } == leases)
    }

    @Test("A stop that ends before the answers returns false")
    func stopsInVain() throws {
        try queue(0..<1)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 1 })
        #expect(!dispatcher.stop(within: .milliseconds(100)))
        #expect(recorded.isEmpty)
    }

    @Test("No thread counts as stuck while the provider is silent")
    func lives() throws {
        try queue(0..<2)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 2 })
        let leases = outbox.state.withLock { $0.leaseRequests.count }
        #expect(dispatcher.stuck().isEmpty)
        transport.answerAll(.status(200))
        #expect(eventually { outbox.state.withLock { $0.leaseRequests.count } > leases })
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("Threads that hang are named; a slow database or a silent provider does not count")
    func tellsWhatIsStuck() throws {
        try queue(0..<1)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 1 })
        // The database does not answer: neither the lane nor any other thread goes on.
        outbox.state.withLock { $0.leaseDelay = .seconds(5) }
        try queue(1..<2)
        dispatcher.wake()
        let now = ContinuousClock.now
        #expect(dispatcher.stuck(at: now + .seconds(40)).isEmpty)
        // The request should have ended after 30 s, by whatever thread.
        #expect(dispatcher.stuck(at: now + .seconds(100)).first == "lane of infobip")
        outbox.state.withLock { $0.leaseDelay = .zero }
        let isDone = eventually {
            transport.answerAll(.status(200))
            return recorded.count == 2
        }
        #expect(isDone)
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("A message leased too long ago is returned unsent and logged, and its slot is free")
    func putsBack() throws {
        outbox.state.withLock { $0.leaseDelay = .milliseconds(2100) }
        try queue(0..<1)
        let dispatcher = dispatcher(concurrency: 1, sendTimeout: .seconds(3))
        #expect(eventually { recorded.count == 1 })
        let change = try #require(recorded.first)
        if case .ready = change.step {} else { Issue.record("\(change.step)") }
        #expect(!change.countsAttempt && change.event?.kind == .deferred)
        #expect(change.event?.problem?.code == "lease_too_slow")
        #expect(outbox.state.withLock { $0.counts.putBack } == 1)
        #expect(transport.requestCount == 0)
        let fewer = eventually { outbox.state.withLock { $0.leaseRequests.last?.messages } == 1 }
        #expect(fewer)
        outbox.state.withLock { $0.leaseDelay = .zero }
        try queue(1..<2)
        dispatcher.wake()
        #expect(eventually { transport.pendingCount == 1 })
        transport.answerAll(.status(200))
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("A database that takes seconds for each lease slows sending down and does not end it")
    func survivesSlowLeases() throws {
        outbox.state.withLock { $0.leaseDelay = .milliseconds(2600) }
        try queue(0..<1)
        let dispatcher = dispatcher(concurrency: 1)
        #expect(eventually { transport.pendingCount == 1 })
        transport.answerAll(.status(200))
        #expect(eventually { recorded.first?.event?.kind == .accepted })
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("One message that meets a stop does not keep others from being tried at once")
    func triesOthers() throws {
        try queue(0..<1)
        let dispatcher = dispatcher(concurrency: 1)
        #expect(eventually { transport.pendingCount == 1 })
        transport.answer(.status(401))
        #expect(eventually { outbox.state.withLock { $0.stops.count } == 1 })
        let isTried = eventually {
            outbox.state.withLock { state in
                state.leaseRequests.contains { request in
                    guard case .trial(let trial) = request.choice else { return false }
                    return trial.isFresh && trial.avoiding == ["+417"] && request.messages == 1
                }
            }
        }
        #expect(isTried)
        try queue(1..<4)
        #expect(eventually { transport.pendingCount == 1 })
        #expect(transport.requestCount == 2)
        let areWritten = eventually {
            transport.answerAll(.status(200))
            return recorded.count == 4
        }
        #expect(areWritten)
        #expect(outbox.state.withLock { $0.stops.last == .some(nil) })
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("All dispatchers see a stopped provider, and it gets no more requests")
    func stopped() throws {
        try queue(0..<6)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 2 })
        transport.answerAll(.status(401))
        #expect(eventually { recorded.count == 2 })
        #expect(outbox.state.withLock { $0.stops.count } == 1)
        #expect(recorded.allSatisfy { !$0.countsAttempt && $0.event?.kind == .stopped })
        // From here on one at a time tries it, and waits for its answer.
        #expect(eventually { transport.requestCount == 3 })
        let requests = outbox.state.withLock { $0.leaseRequests.dropFirst() }
        #expect(requests.allSatisfy { $0.requests == 1 && $0.messages == 1 })
        transport.answerAll(.status(401))
        #expect(dispatcher.stop(within: .seconds(20)))
        #expect(outbox.state.withLock { $0.stops.count } == 1)
    }

    @Test("A dispatcher that starts while a provider is stopped tries it with one message at once")
    func triesAtStart() throws {
        let stop = ProviderStop(
            since: .now, problem: Samples.problem, retryAt: .now.advanced(by: .seconds(300)))
        outbox.state.withLock {
            $0.presence = [.infobip: ProviderPresence(seenAt: nil, stop: stop)]
        }
        try queue(0..<6)
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 1 })
        let request = outbox.state.withLock { $0.leaseRequests.first }
        #expect(request?.requests == 1 && request?.messages == 1)
        transport.answer(.status(200))
        #expect(eventually { transport.pendingCount == 2 })
        #expect(outbox.state.withLock { $0.stops } == [nil])
        let areWritten = eventually {
            transport.answerAll(.status(200))
            return recorded.count == 6
        }
        #expect(areWritten)
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test(
        "Status queries are made although other duties of the sweeper fail, within their rate"
    )
    func queries() throws {
        outbox.state.withLock { state in
            state.failing = ["takeOver", "giveUpLate", "beat", "dropSettled"]
        }
        let check = try Samples.check(isUnsure: true)
        let settled = OutboxCheck(
            lookUp: MessageLookUp(
                id: MessageID(high: 7, low: 1), providerMessageID: nil,
                recipient: try Samples.recipient(1), sentAt: .now),
            isUnsure: true, status: .delivered, attempts: 1, checks: 0,
            validityMinutes: nil, giveUpAt: .now)
        outbox.state.withLock { $0.checks = [check, settled] }
        let dispatcher = dispatcher()
        #expect(eventually { transport.pendingCount == 1 })
        // Four at a time, of one message each, although a send takes ten.
        #expect(outbox.state.withLock { $0.checkLimits.first } == 4)
        transport.answer(.status(200))
        #expect(eventually { recorded.count == 1 })
        #expect(recorded.first?.message == check.lookUp.id)
        #expect(outbox.state.withLock { $0.counts.lookUps } == 1)
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("A message that the provider has dropped is settled without a status query")
    func forgotten() throws {
        let old = try Samples.check(isUnsure: false, status: .sent)
        outbox.state.withLock { $0.checks = [old] }
        let dispatcher = dispatcher()
        #expect(eventually { recorded.count == 1 })
        #expect(recorded.first?.event?.status == .unknown)
        #expect(outbox.state.withLock { $0.counts.lookUps } == 0)
        #expect(transport.requestCount == 0)
        #expect(dispatcher.stop(within: .seconds(20)))
    }

    @Test("The walk continues where it was, begins again, and pauses after a round without result")
    func walk() throws {
        let walk = SettledWalk(.infobip, outbox: outbox)
        outbox.state.withLock {
            $0.portions = [(10, Samples.time(5)), (0, nil), (0, Samples.time(7)), (0, nil)]
        }
        for second in 0..<6 { try walk.go(at: Samples.time(second)) }
        #expect(outbox.state.withLock { $0.walks } == [nil, Samples.time(5), nil, Samples.time(7)])
        try walk.go(at: Samples.time(13))
        #expect(outbox.state.withLock { $0.walks.count } == 5)
    }
}
