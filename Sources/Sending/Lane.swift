import Dispatch
import Domain
import Foundation
import Synchronization
import Telemetry

/// What goes to one provider: leases as many requests as may be made, and makes them.
final class Lane: Sendable {
    private struct State {
        var inFlight = 0
        var health = ProviderHealth()
        /// Goes on with every change of a stop; those that are not yet written.
        var stopGeneration = 0
        var unwrittenStops = 0
    }

    let provider: any SendingProvider
    let settings: Dispatcher.Lane
    let schedule: ReconcileSchedule
    private let common: Dispatcher.Settings
    private let policy: SendPolicy
    private let outbox: any Outbox
    private let transport: any HTTPTransport
    private let recorder: Recorder
    private let enrolment: Enrolment
    private let logger: Logger
    private let state = Mutex(State())
    private let isStopping = Atomic<Bool>(false)
    /// The thread, and each request until its results are written.
    private let work = DispatchGroup()
    let signal = WakeSignal()
    let heartbeat = Heartbeat()

    /// Past a request's own time limit, until its lease ends: time to write what it came to.
    private static let leaseGrace = Duration.seconds(30)
    /// A request that is not made so soon after its messages were leased is not made.
    private static let startLimit = Duration.seconds(2)
    private static let fallback = Duration.seconds(1)

    init(
        _ settings: Dispatcher.Lane, common: Dispatcher.Settings, outbox: any Outbox,
        transport: any HTTPTransport, recorder: Recorder, enrolment: Enrolment, logger: Logger
    ) {
        provider = settings.provider
        self.settings = settings
        self.common = common
        schedule = ReconcileSchedule(
            slots: settings.reconcile, lookUpHorizon: settings.provider.lookUpHorizon)
        policy = SendPolicy(maxAttempts: common.maxAttempts, schedule: schedule)
        self.outbox = outbox
        self.transport = transport
        self.recorder = recorder
        self.enrolment = enrolment
        self.logger = logger
    }

    /// - Parameter insteadOf: whose messages to take over now.
    func start(insteadOf: @escaping @Sendable () -> [Provider]) {
        work.enter()
        let thread = Thread { [self] in
            while !isStopping.load(ordering: .acquiring) {
                heartbeat.beat()
                signal.wait(for: turn(insteadOf: insteadOf))
            }
            work.leave()
        }
        thread.name = "lane-\(provider.provider.rawValue)"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Leases nothing more.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        signal.ring()
    }

    /// Waits until the thread has ended and all results are written.
    func wait(until deadline: DispatchTime) -> Bool { work.wait(timeout: deadline) == .success }

    /// How long after its messages were leased a request may still be under way.
    static func requestLimit(_ settings: Dispatcher.Settings) -> Duration {
        settings.sendTimeout + startLimit
    }

    func isUnwell(at now: Timestamp) -> Bool {
        state.withLock { $0.health.isUnwell(at: now, longerThan: common.slow) }
    }

    /// Which state of the stop a reader of the shared state must find unchanged.
    var stopGeneration: Int? {
        state.withLock { $0.unwrittenStops == 0 ? $0.stopGeneration : nil }
    }

    /// Takes over what all dispatchers know, unless we changed it since `generation` was read.
    func adopt(_ stop: ProviderStop?, generation: Int?) {
        let change = state.withLock { state -> ProviderHealth.Change? in
            guard state.unwrittenStops == 0, generation == state.stopGeneration else { return nil }
            return state.health.adopt(stop, at: .now)
        }
        guard let change else { return }
        log(change)
        signal.ring()
    }

    // MARK: - Leasing

    /// Makes what requests it can; returns how long to wait for a ring before the next turn.
    private func turn(insteadOf: () -> [Provider]) -> Duration {
        let now = Timestamp.now
        let begin = ContinuousClock.now
        let (free, nextAt, isTrial) = state.withLock { state in
            let allowance = state.health.allowance(
                of: settings.concurrency - state.inFlight, at: now)
            let isTrial = if case .well = state.health.state { false } else { true }
            return (allowance.requests, allowance.nextAt, isTrial)
        }
        guard free > 0 else { return wait(until: nextAt, now) }
        guard let number = enrolment.number else { return Self.fallback }
        do throws(StoreFailure) {
            let answer = try outbox.lease(
                request(free, isTrial: isTrial, insteadOf: insteadOf, number: number))
            for lease in answer.leases { send(lease, askedAt: begin) }
            if answer.leases.count >= free { return .zero }
            return wait(until: answer.nextAt, .now)
        } catch {
            logger.log(
                .error, "nothing could be leased", limitKey: "\(error.code)",
                ["provider": "\(provider.provider.rawValue)", "error": "\(error)"])
            return Self.fallback
        }
    }

    private func wait(until time: Timestamp?, _ now: Timestamp) -> Duration {
        // Not at once again, even if the queue says so: the clocks may differ a little.
        time.map { min(max($0.since(now), .milliseconds(5)), Self.fallback) } ?? Self.fallback
    }

    /// A trial is one message, so that one that goes wrong costs no more.
    private func request(
        _ free: Int, isTrial: Bool, insteadOf: () -> [Provider], number: Int32
    ) -> LeaseRequest {
        let provider = provider
        let limit = isTrial ? 1 : settings.batchLimit
        return LeaseRequest(
            provider: provider.provider, insteadOf: isTrial ? [] : insteadOf(),
            requests: free, messages: isTrial ? 1 : free * min(limit, provider.batchLimit),
            rate: settings.rate.map { (perSecond: $0, burst: max(1, $0)) },
            segmentLimits: provider.segmentLimits,
            duration: common.sendTimeout + Self.leaseGrace, dispatcher: number,
            batchCount: { messages in
                min(provider.batchCount(of: messages), limit)
            })
    }

    // MARK: - Requests

    private func send(_ lease: Lease, askedAt: ContinuousClock.Instant) {
        let now = Timestamp.now
        work.enter()
        let isStopped = state.withLock { state in
            state.inFlight += 1
            state.health.began()
            return state.health.isStopped
        }
        let attempt = Attempt(lease: lease, sentAt: now, isTrial: isStopped)
        // Whoever takes over reckons from the lease when the request has ended; a database that
        // took long to answer must not make it end later.
        guard ContinuousClock.now - askedAt <= Self.startLimit else {
            return putBack(attempt)
        }
        transport.send(
            provider.sendRequest(lease.messages.map(\.outgoing)), within: common.sendTimeout
        ) { [self] answer in
            ended(attempt, answer)
        }
    }

    private func putBack(_ attempt: Attempt) {
        let now = Timestamp.now
        state.withLock { $0.health.abandoned() }
        let changes = attempt.lease.messages.map { message in
            OutboxChange(
                message: message.outgoing.id, lease: attempt.lease.id,
                step: .ready(at: now, alone: false), event: nil, countsAttempt: false)
        }
        recorder.add(
            Recorder.Entry(
                provider: provider.provider, changes: changes, completion: { self.free(nil) }))
    }

    private func ended(_ attempt: Attempt, _ answer: TransportResult) {
        let now = Timestamp.now
        let results = attempt.results(answer, by: provider)
        var generator = SystemRandomNumberGenerator()
        let changes = zip(attempt.lease.messages, results).map { message, result in
            policy.change(
                of: message, in: attempt.lease, result, isTrial: attempt.isTrial,
                sentAt: attempt.sentAt, now: now, using: &generator)
        }
        let sign = Attempt.sign(
            answer, results, took: now.since(attempt.sentAt), slow: common.slow)
        let jitter = Double.random(in: 0...1, using: &generator)
        let change = state.withLock { state -> ProviderHealth.Change? in
            let change = state.health.record(
                sign, isTrial: attempt.isTrial, at: now, jitter: jitter)
            if change?.stop != nil {
                state.stopGeneration += 1
                state.unwrittenStops += 1
            }
            return change
        }
        recorder.add(
            Recorder.Entry(
                provider: provider.provider, changes: changes,
                counts: attempt.counts(results, changes), stop: change?.stop,
                completion: { self.free(change) }))
        if let change { log(change) }
    }

    /// The results are written.
    private func free(_ change: ProviderHealth.Change?) {
        state.withLock { state in
            state.inFlight -= 1
            if change?.stop != nil { state.unwrittenStops -= 1 }
        }
        signal.ring()
        work.leave()
    }

    private func log(_ change: ProviderHealth.Change) {
        let name = provider.provider.rawValue
        switch change {
        case .ailing:
            logger.log(
                .warning, "provider ails; one request at a time tries it", limitKey: name,
                ["provider": "\(name)"])
        case .stopped(let stop):
            logger.log(
                .error, "provider stopped; messages wait until the account is mended",
                limitKey: name,
                [
                    "provider": "\(name)", "code": "\(stop.problem.code)",
                    "problem": "\(stop.problem.text)", "retry_at": "\(stop.retryAt)",
                ])
        case .recovered, .resumed:
            logger.log(
                .warning, "provider takes messages again", limitKey: name, ["provider": "\(name)"])
        }
    }
}

extension ProviderHealth.Change {
    /// What others must be told; nil for what is our own affair.
    fileprivate var stop: Recorder.StopChange? {
        switch self {
        case .stopped(let stop): .set(stop)
        case .resumed: .clear
        case .ailing, .recovered: nil
        }
    }
}
