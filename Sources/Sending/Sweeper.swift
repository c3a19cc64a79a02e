import Dispatch
import Domain
import Foundation
import Synchronization
import Telemetry

/// What has to be done now and then: the dispatcher's number, leases of those that are gone,
/// messages that are too late, who serves whom, and the questions that are due.
final class Sweeper: Sendable {
    private let lanes: [Lane]
    private let questions: [Questions]
    private let outbox: any Outbox
    private let enrolment: Enrolment
    private let logger: Logger
    private let unserved = Mutex<Set<Provider>>([])
    private let isStopping = Atomic<Bool>(false)
    private let signal = WakeSignal()
    private let ended = DispatchGroup()
    private let startedAt = Timestamp.now
    let heartbeat = Heartbeat()

    private static let interval = Duration.seconds(1)
    /// Longer than half a minute without word: nobody serves a provider.
    private static let presence = Duration.seconds(30)
    private static let beatEvery = 5
    private static let giveUpLimit = 500

    init(
        _ lanes: [Lane], settings: Dispatcher.Settings, outbox: any Outbox,
        transport: any HTTPTransport, sink: any ReportSink, recorder: Recorder,
        enrolment: Enrolment, logger: Logger
    ) {
        self.lanes = lanes
        questions = lanes.map { lane in
            Questions(
                lane.provider,
                policy: CheckPolicy(
                    lane.provider, maxAttempts: settings.maxAttempts, schedule: lane.schedule),
                timeout: settings.sendTimeout, outbox: outbox, transport: transport, sink: sink,
                recorder: recorder, logger: logger)
        }
        self.outbox = outbox
        self.enrolment = enrolment
        self.logger = logger
    }

    func start() {
        ended.enter()
        let thread = Thread { [self] in
            var turns = 0
            while !isStopping.load(ordering: .acquiring) {
                heartbeat.beat()
                turn(turns)
                turns += 1
                signal.wait(for: Self.interval)
            }
            ended.leave()
        }
        thread.name = "sweeper"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Asks nothing more.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        signal.ring()
    }

    /// Waits for the thread; answers to questions may still come and are not waited for, since the
    /// questions are asked again.
    func wait(until deadline: DispatchTime) -> Bool { ended.wait(timeout: deadline) == .success }

    /// Whether no dispatcher at all serves a provider.
    func isUnserved(_ provider: Provider) -> Bool {
        unserved.withLock { $0.contains(provider) }
    }

    private func turn(_ number: Int) {
        do throws(StoreFailure) {
            let now = Timestamp.now
            // Before anything can be leased: a stop holds for dispatchers that start after it, too.
            try learn(now)
            if try enrolment.renew() {
                for lane in lanes { lane.signal.ring() }
            }
            if number.isMultiple(of: Self.beatEvery) {
                try outbox.beat(lanes.map(\.provider.provider), at: now)
            }
            try clearUp(now)
            for questions in questions { try questions.ask(at: now) }
        } catch {
            logger.log(
                .error, "the database does not answer; sending waits for it",
                limitKey: "\(error.code)", ["error": "\(error)"])
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

    private func clearUp(_ now: Timestamp) throws(StoreFailure) {
        let taken = try outbox.takeOver(at: now)
        if taken > 0 {
            logger.log(
                .warning, "took over from a dispatcher that is gone; providers will be asked",
                ["messages": .integer(Int64(taken))])
        }
        let late = try outbox.giveUpLate(at: now, limit: Self.giveUpLimit)
        if late > 0 {
            logger.log(
                .warning, "messages were given up: too late", limitKey: "",
                ["messages": .integer(Int64(late))])
        }
    }
}
