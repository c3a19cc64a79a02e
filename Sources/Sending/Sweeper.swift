import Domain
import Synchronization
import System
import Telemetry

/// The periodic work: the dispatcher's registration, leases of ended dispatchers, messages that are
/// too late, takeovers between providers, and due status queries.
final class Sweeper: Sendable {
    private let lanes: [Lane]
    private let queries: [StatusQueries]
    private let outbox: any Outbox
    private let registration: DispatcherRegistration
    private let databaseLimit: Duration
    private let logger: Logger
    /// One for each lane.
    private let walks: [SettledWalk]
    private let recoveries: [InboundRecovery]
    private let unserved = Mutex<Set<Provider>>([])
    private let thread = ServiceThread("sweeper", stackBytes: 1 << 20)
    private let startedAt = Timestamp.now
    let heartbeat = Heartbeat()

    private static let interval = Duration.seconds(1)
    /// No dispatcher for longer than this: the provider counts as unserved.
    private static let presence = Duration.seconds(30)
    private static let beatEvery = 5
    private static let giveUpLimit = 5000

    init(
        _ lanes: [Lane], settings: Dispatcher.Settings, outbox: any Outbox,
        transport: any HTTPTransport, sink: any ReportSink, inbound: (any InboundIndex)?,
        recorder: Recorder, registration: DispatcherRegistration, logger: Logger
    ) {
        self.lanes = lanes
        queries = lanes.map { lane in
            StatusQueries(
                lane.provider,
                policy: CheckPolicy(
                    lane.provider, maxAttempts: settings.maxAttempts, schedule: lane.schedule,
                    requestLimit: Lane.requestLimit(settings)),
                timeout: settings.sendTimeout, outbox: outbox, transport: transport, sink: sink,
                recorder: recorder, logger: logger)
        }
        recoveries = lanes.compactMap { lane in
            inbound.map { index in
                InboundRecovery(
                    lane.provider, index: index, transport: transport, sink: sink,
                    timeout: settings.sendTimeout, logger: logger)
            }
        }
        walks = lanes.map { SettledWalk($0.provider.provider, outbox: outbox) }
        self.outbox = outbox
        self.registration = registration
        databaseLimit = settings.databaseLimit
        self.logger = logger
    }

    func start() {
        thread.startOrAbort { [self] in
            var turns = 0
            while !thread.isStopping {
                heartbeat.beat()
                turn(turns)
                turns += 1
                thread.pause(for: Self.interval)
            }
        }
    }

    /// Stops the periodic work.
    func stop() { thread.stop() }

    /// Waits for the thread. Answers to status queries are not waited for, because the status
    /// queries are made again.
    func wait(until deadline: ContinuousClock.Instant) -> Bool { thread.join(until: deadline) }

    /// The providers that the database knows and no dispatcher at all serves.
    var unservedProviders: Set<Provider> { unserved.withLock { $0 } }

    /// A failed step does not stop the others, unless the database cannot be reached.
    private func turn(_ number: Int) {
        let now = Timestamp.now
        for recovery in recoveries { recovery.go(at: now) }
        // The state that others know is read before registering: nothing is leased without a
        // number.
        _ =
            step { () throws(StoreFailure) in try learn(now) }
            && step { () throws(StoreFailure) in
                if try registration.renew() {
                    for lane in lanes { lane.wake() }
                }
            }
            && step { () throws(StoreFailure) in
                guard number.isMultiple(of: Self.beatEvery) else { return }
                try outbox.beat(lanes.map(\.provider.provider), at: now)
            }
            && step { () throws(StoreFailure) in try takeOver(now) }
            // Without delay, because the lanes read late messages first whenever they lease.
            && step { () throws(StoreFailure) in try giveUp(now) }
            && zip(walks, queries).allSatisfy { walk, queries in
                step { () throws(StoreFailure) in try walk.go(at: .now) }
                    && step { () throws(StoreFailure) in try queries.ask(at: .now) }
            }
    }

    /// False if the database cannot be reached.
    private func step(_ body: () throws(StoreFailure) -> Void) -> Bool {
        heartbeat.beat(allowing: databaseLimit)
        do throws(StoreFailure) {
            try body()
            return true
        } catch {
            logger.log(
                .error,
                error.code == .unavailable
                    ? "the database does not answer; sending waits for it"
                    : "the database refuses what the sweeper asks",
                limitKey: "\(error.code)", ["error": "\(error)"])
            return error.code != .unavailable
        }
    }

    /// Reads what the other dispatchers know.
    private func learn(_ now: Timestamp) throws(StoreFailure) {
        let generations = lanes.map(\.stopGeneration)
        let known = try outbox.providers()
        for (lane, generation) in zip(lanes, generations) {
            lane.adopt(known[lane.provider.provider]?.stop, generation: generation)
        }
        // Another dispatcher may be starting at the same time as this one.
        guard now.since(startedAt) > Self.presence else { return }
        let served = known.filter { entry in
            entry.value.seenAt.map { now.since($0) < Self.presence } ?? false
        }
        unserved.withLock { $0 = Set(known.keys).subtracting(served.keys) }
    }

    private func takeOver(_ now: Timestamp) throws(StoreFailure) {
        let taken = try outbox.takeOver(at: now)
        guard taken > 0 else { return }
        logger.log(
            .warning, "took over from a dispatcher that is gone; providers will be asked",
            ["messages": .integer(Int64(taken))])
    }

    private func giveUp(_ now: Timestamp) throws(StoreFailure) {
        let late = try outbox.giveUpLate(at: now, limit: Self.giveUpLimit)
        guard late > 0 else { return }
        logger.log(
            .warning, "messages were given up: too late",
            ["messages": .integer(Int64(late))])
    }
}
