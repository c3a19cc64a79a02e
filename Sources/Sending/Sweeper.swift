import Domain
import Synchronization
import System
import Telemetry

/// What has to be done now and then: the dispatcher's number, leases of those that are gone,
/// messages that are too late, who serves whom, and the status queries that are due.
final class Sweeper: Sendable {
    private let lanes: [Lane]
    private let queries: [StatusQueries]
    private let outbox: any Outbox
    private let registration: DispatcherRegistration
    private let databaseLimit: Duration
    private let logger: Logger
    /// One for each lane.
    private let walks: [SettledWalk]
    private let unserved = Mutex<Set<Provider>>([])
    private let thread = ServiceThread("sweeper", stackBytes: 1 << 20)
    private let startedAt = Timestamp.now
    let heartbeat = Heartbeat()

    private static let interval = Duration.seconds(1)
    /// Longer than half a minute without word: nobody serves a provider.
    private static let presence = Duration.seconds(30)
    private static let beatEvery = 5
    private static let giveUpLimit = 5000

    init(
        _ lanes: [Lane], settings: Dispatcher.Settings, outbox: any Outbox,
        transport: any HTTPTransport, sink: any ReportSink, recorder: Recorder,
        registration: DispatcherRegistration, logger: Logger
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

    /// Asks nothing more.
    func stop() { thread.stop() }

    /// Waits for the thread; answers to status queries may still come and are not waited for, since
    /// the status queries are made again.
    func wait(until deadline: ContinuousClock.Instant) -> Bool { thread.join(until: deadline) }

    /// Whether no dispatcher at all serves a provider.
    func isUnserved(_ provider: Provider) -> Bool {
        unserved.withLock { $0.contains(provider) }
    }

    /// One step that fails must not keep the others from their work, unless the database is away.
    private func turn(_ number: Int) {
        let now = Timestamp.now
        // What others know comes before the number: nothing is leased without it.
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
            // Soon: what is late stands before what is not whenever a lane leases.
            && step { () throws(StoreFailure) in try giveUp(now) }
            && zip(walks, queries).allSatisfy { walk, queries in
                step { () throws(StoreFailure) in try walk.go(at: .now) }
                    && step { () throws(StoreFailure) in try queries.ask(at: .now) }
            }
    }

    /// False if the database is away.
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

    /// What the other dispatchers know.
    private func learn(_ now: Timestamp) throws(StoreFailure) {
        let generations = lanes.map(\.stopGeneration)
        let known = try outbox.providers()
        for (lane, generation) in zip(lanes, generations) {
            lane.adopt(known[lane.provider.provider]?.stop, generation: generation)
        }
        // Another dispatcher may be starting just now, as we were.
        guard now.since(startedAt) > Self.presence else { return }
        let served = known.filter { entry in
            entry.value.seenAt.map { now.since($0) < Self.presence } ?? false
        }
        unserved.withLock { $0 = Set(Provider.allCases).subtracting(served.keys) }
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
