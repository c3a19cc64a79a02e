import Domain
import Synchronization
import System
import Telemetry

/// The requests to one provider: leases messages for as many as may be made, and makes them.
final class Lane: Sendable {
    let provider: any SendingProvider
    let settings: Dispatcher.Lane
    let schedule: ReconcileSchedule
    private let common: Dispatcher.Settings
    private let policy: SendPolicy
    private let outbox: any Outbox
    private let transport: any HTTPTransport
    private let recorder: Recorder
    private let registration: DispatcherRegistration
    private let logger: Logger
    private let state = Mutex(LaneState())
    private let thread: ServiceThread
    /// Requests whose results are not written.
    private let open = Monitor(0)
    private let heartbeat = Heartbeat()

    /// Added to a request's own time limit until its lease ends: time to write its results.
    private static let leaseGrace = Duration.seconds(30)
    private static let fallback = Duration.seconds(1)
    /// Added to a request's time limit: after that its transport has lost it.
    private static let overdue = Duration.seconds(60)

    init(
        _ settings: Dispatcher.Lane, common: Dispatcher.Settings, outbox: any Outbox,
        transport: any HTTPTransport, recorder: Recorder, registration: DispatcherRegistration,
        logger: Logger
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
        self.registration = registration
        self.logger = logger
        thread = ServiceThread("lane-\(provider.provider.name)", stackBytes: 1 << 20)
    }

    /// - Parameter insteadOf: the providers whose messages to take over now.
    func start(insteadOf: @escaping @Sendable () -> [Provider]) {
        thread.startOrAbort { [self] in
            while !thread.isStopping {
                let rest = turn(insteadOf: insteadOf)
                heartbeat.beat()
                thread.wait(for: rest)
            }
        }
    }

    /// There may be something to lease. Any thread.
    func wake() { thread.wake() }

    /// Requests that have no answer yet.
    var requestsInFlight: Int { state.withLock { $0.inFlight } }

    /// Leases nothing more.
    func stop() { thread.stop() }

    /// Waits until the thread has ended and all results are written.
    func wait(until deadline: ContinuousClock.Instant) -> Bool {
        // Only the thread begins requests.
        thread.join(until: deadline)
            && open.wait(until: deadline) { $0 == 0 ? true : nil } != nil
    }

    /// How long after its messages were leased a request may still be in flight.
    static func requestLimit(_ settings: Dispatcher.Settings) -> Duration {
        settings.sendTimeout + startLimit(settings)
    }

    /// How long after the lease a request may be started. A later one is not made, because a
    /// takeover computes from the lease when the request has ended. It is not shorter, so that a
    /// slow database does not keep everything from being sent.
    private static func startLimit(_ settings: Dispatcher.Settings) -> Duration {
        min(max(settings.sendTimeout / 3, .seconds(2)), .seconds(10))
    }

    /// Whether its thread hangs, or a request never ends. A slow or unreachable database or
    /// provider does not count.
    func isStuck(at now: ContinuousClock.Instant) -> Bool {
        heartbeat.isLate(at: now)
            || state.withLock { $0.isOverdue(common.sendTimeout + Self.overdue, at: now) }
    }

    func isUnhealthy(at now: Timestamp) -> Bool {
        state.withLock { $0.health.isUnhealthy(at: now, longerThan: common.slow) }
    }

    /// The generation of the stop, nil while a change is unwritten; a stop that was read from the
    /// database counts only if this has not changed meanwhile.
    var stopGeneration: Int? {
        state.withLock { $0.unwrittenStops == 0 ? $0.stopGeneration : nil }
    }

    /// Adopts what all dispatchers know, unless we changed it since `generation` was read.
    func adopt(_ stop: ProviderStop?, generation: Int?) {
        let now = Timestamp.now
        let action = state.withLock { state -> ProviderHealth.Action in
            guard state.unwrittenStops == 0, generation == state.stopGeneration else {
                return .nothing
            }
            return state.health.adopt(stop, at: now)
        }
        guard action != .nothing else { return }
        log(action)
        thread.wake()
    }

    // MARK: - Leasing

    /// Makes the requests that it can; returns how long to wait for a wake-up before the next turn.
    private func turn(insteadOf: () -> [Provider]) -> Duration {
        let now = Timestamp.now
        let chance = Double.random(in: 0...1)
        let plan = state.withLock { state in
            state.plan(settings.concurrency, at: now, chance: chance)
        }
        guard !plan.portions.isEmpty else { return wait(until: plan.nextAt, now) }
        guard let number = registration.number else { return Self.fallback }
        var rest = Duration.zero
        do throws(StoreFailure) {
            for portion in plan.portions {
                let request = request(portion, insteadOf: insteadOf, number: number)
                heartbeat.beat(allowing: common.databaseLimit)
                let answer = try outbox.lease(request)
                make(answer, of: portion)
                if answer.leases.count < portion.requests {
                    rest = max(rest, wait(until: answer.nextAt ?? plan.nextAt, .now))
                }
            }
            return rest
        } catch {
            logger.log(
                .error, "nothing could be leased", limitKey: "\(error.code)",
                ["provider": "\(provider.provider.name)", "error": "\(error)"])
            return Self.fallback
        }
    }

    private func wait(until time: Timestamp?, _ now: Timestamp) -> Duration {
        // Not at once, even if the queue says so: the clocks may differ a little.
        time.map { min(max($0.since(now), .milliseconds(5)), Self.fallback) } ?? Self.fallback
    }

    /// A trial is one message, so that a failure affects no more.
    private func request(
        _ portion: LaneState.Portion, insteadOf: () -> [Provider], number: Int32
    ) -> LeaseRequest {
        let provider = provider
        let isTrial = if case .trial = portion.choice { true } else { false }
        let limit = isTrial ? 1 : min(settings.batchLimit, provider.batchLimit)
        let (apart, pace) = state.withLock { state in
            (state.apartLimit(settings.concurrency), state.pace.limit)
        }
        return LeaseRequest(
            provider: provider.provider,
            insteadOf: portion.choice == .oldest ? insteadOf() : [], choice: portion.choice,
            requests: portion.requests, apart: apart,
            messages: min(portion.requests * limit, pace ?? .max),
            rate: settings.rate.map { (perSecond: $0, burst: max(1, $0)) },
            segmentLimits: provider.segmentLimits,
            duration: common.sendTimeout + Self.leaseGrace, dispatcher: number,
            batchCount: { messages in min(provider.batchCount(of: messages), limit) })
    }

    // MARK: - Requests

    private func make(_ answer: LeaseAnswer, of portion: LaneState.Portion) {
        let limit = Self.startLimit(common)
        let count = answer.leases.reduce(0) { $0 + $1.messages.count }
        let took = ContinuousClock.now - answer.beganAt
        state.withLock { $0.pace.leased(count, in: took, bound: limit) }
        for whole in answer.leases {
            let now = Timestamp.now
            let (open, blocked) = whole.splitBlocked()
            record(blocked.map { SendPolicy.blocked($0.message, $0.problem, in: whole, at: now) })
            let (lease, expired) = open.split(
                leastValiditySeconds: provider.leastValiditySeconds, at: now)
            record(expired.map { SendPolicy.expired($0, in: whole, at: now) })
            if lease.messages.isEmpty { continue }
            let origin = LaneState.Origin(
                isElsewhere: portion.choice != .oldest, isApart: lease.isApart)
            self.open.withLock { $0 += 1 }
            let isTrial = state.withLock { $0.began(origin) }
            let attempt = Attempt(lease: lease, sentAt: now, isTrial: isTrial)
            let late = ContinuousClock.now - answer.beganAt
            if late > limit {
                putBack(attempt, origin, late)
            } else {
                send(attempt, origin)
            }
        }
    }

    private func send(_ attempt: Attempt, _ origin: LaneState.Origin) {
        let lease = attempt.lease
        state.withLock { $0.started(lease.id, at: .now) }
        transport.send(
            provider.sendRequest(lease.messages.map { $0.outgoing(at: attempt.sentAt) }),
            within: common.sendTimeout
        ) { [self] answer in
            ended(attempt, origin, answer)
        }
    }

    /// Ends messages that are not to be sent: too late, or to somebody who has opted out.
    private func record(_ changes: [OutboxChange]) {
        guard !changes.isEmpty else { return }
        var counts = SendCounts()
        counts.deadLetters = changes.count
        recorder.add(
            Recorder.Entry(provider: provider.provider, changes: changes, counts: counts))
    }

    private func putBack(_ attempt: Attempt, _ origin: LaneState.Origin, _ took: Duration) {
        let now = Timestamp.now
        state.withLock { $0.health.abandoned() }
        let messages = attempt.lease.messages
        logger.log(
            .warning, "leasing took too long; messages were put back unsent, and fewer are leased",
            limitKey: provider.provider.name,
            [
                "provider": "\(provider.provider.name)",
                "messages": .integer(Int64(messages.count)), "seconds": .number(took / .seconds(1)),
            ])
        let changes = messages.map { message in
            OutboxChange(
                message: message.outgoing.id, lease: attempt.lease.id, step: .ready(at: now),
                event: SendEvent(
                    message: message.outgoing.id, kind: .deferred, at: now,
                    provider: provider.provider, attempt: message.attempt,
                    problem: ProviderProblem(
                        code: "lease_too_slow",
                        text: "The database took too long; no request was made.")),
                countsAttempt: false)
        }
        var counts = SendCounts()
        counts.putBack = messages.count
        recorder.add(
            Recorder.Entry(
                provider: provider.provider, changes: changes, counts: counts,
                completion: { self.free(origin, .nothing) }))
    }

    private func ended(
        _ attempt: Attempt, _ origin: LaneState.Origin, _ answer: TransportResult
    ) {
        let now = Timestamp.now
        let results = attempt.results(answer, by: provider)
        var generator = SystemRandomNumberGenerator()
        let changes = zip(attempt.lease.messages, results).map { message, result in
            policy.change(
                of: message, in: attempt.lease, result, isTrial: attempt.isTrial,
                sentAt: attempt.sentAt, now: now, using: &generator)
        }
        let sign = attempt.sign(
            answer, results, took: now.since(attempt.sentAt), slow: common.slow)
        let jitter = Double.random(in: 0...1, using: &generator)
        let action = state.withLock { state in
            state.ended(attempt.lease, sign)
            let action = state.health.record(
                sign, isTrial: attempt.isTrial, at: now, jitter: jitter)
            if action.stop != nil {
                state.stopGeneration += 1
                state.unwrittenStops += 1
            }
            return action
        }
        recorder.add(
            Recorder.Entry(
                provider: provider.provider, changes: changes,
                counts: attempt.counts(results, changes), stop: action.stop,
                completion: { self.free(origin, action) }))
        log(action)
    }

    /// The results are written.
    private func free(_ origin: LaneState.Origin, _ action: ProviderHealth.Action) {
        state.withLock { state in
            state.freed(origin)
            if action.stop != nil { state.unwrittenStops -= 1 }
        }
        thread.wake()
        open.withLock { $0 -= 1 }
        open.wakeAll()
    }

    private func log(_ action: ProviderHealth.Action) {
        let name = provider.provider.name
        switch action {
        case .nothing: break
        case .degraded:
            logger.log(
                .warning, "provider is degraded; one request at a time tries it", limitKey: name,
                ["provider": "\(name)"])
        case .stopped(let stop):
            logger.log(
                .error, "provider stopped; messages wait until one is taken again",
                limitKey: name,
                [
                    "provider": "\(name)", "code": "\(stop.problem.redacted.code)",
                    "problem": "\(stop.problem.redacted.text)", "retry_at": "\(stop.retryAt)",
                ])
        case .recovered, .resumed:
            logger.log(
                .warning, "provider takes messages again", limitKey: name, ["provider": "\(name)"])
        }
    }
}

extension ProviderHealth.Action {
    /// The change that other dispatchers must see; nil if it concerns only this one.
    fileprivate var stop: Recorder.StopChange? {
        switch self {
        case .stopped(let stop): .set(stop)
        case .resumed: .clear
        case .nothing, .degraded, .recovered: nil
        }
    }
}
