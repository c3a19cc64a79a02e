package import Domain

/// Whether requests may be made to a provider now, judged by the last ones. A pure state machine:
/// events go in, with the time, and one action comes out.
package struct ProviderHealth: Sendable {
    /// The result of a request, as far as it concerns the provider's health.
    package enum Sign: Sendable, Equatable {
        /// It answered sensibly, even if it refused a message.
        case good
        /// It answered, but late.
        case slow
        /// No answer, or one that shows a failing server.
        case failed
        /// It asked for fewer requests.
        case limited(afterSeconds: Int?)
        /// Credentials or account: no request can succeed.
        case stopped(ProviderProblem)
        /// It refused a message with the code of a stop, and accepted others meanwhile.
        case refusedOne
    }

    /// The answer to each event: a change that other dispatchers must see.
    package enum Action: Sendable, Equatable {
        case nothing
        case degraded
        case stopped(ProviderStop)
        /// It was degraded and answers again.
        case recovered
        /// It was stopped and accepts messages again.
        case resumed
    }

    /// What may be submitted to it now.
    package struct Allowance: Sendable, Equatable {
        package let requests: Int
        /// When to ask again, if it is known.
        package let nextAt: Timestamp?
        /// Set if only one message may be sent, as a test.
        package let trial: Trial?
    }

    /// One message that shows whether a provider works again.
    package struct Trial: Sendable, Equatable {
        /// How many there were before in this state.
        package let number: Int
        /// Only a message that has not met the stop in a request of its own.
        package let isFresh: Bool
    }

    enum State: Sendable, Equatable {
        /// Exits: `mostFailures` bad signs in a row to `degraded`; a stop, or several in a row if
        /// the last one turned out to be about single messages, to `stopped`.
        case healthy(failures: Int, stops: Int)
        /// One request at a time tries it, from `retryAt` on. Exits: a good sign to `healthy`;
        /// another bad one to a later `retryAt`; `stopped`.
        case degraded(trials: Int, retryAt: Timestamp)
        /// The same, for all dispatchers; messages that have not met the stop may try from
        /// `freshAt` on. Exits: to `healthy` by a good sign of a trial, or when another dispatcher
        /// reports that it is over.
        case stopped(Stop)
    }

    struct Stop: Sendable, Equatable {
        var since: Timestamp
        var problem: ProviderProblem
        var trials = 1
        var retryAt: Timestamp
        /// How many messages have met it, one after the other. Those in flight at the time do not
        /// count, because they were leased together.
        var witnesses: Int
        var freshAt: Timestamp

        /// Another trial did not end it.
        mutating func wasMet(at now: Timestamp) {
            witnesses = min(witnesses + 1, ProviderHealth.manyWitnesses)
            freshAt = now.advanced(by: ProviderHealth.freshRest.bound(failures: witnesses))
        }

        var told: ProviderStop { ProviderStop(since: since, problem: problem, retryAt: retryAt) }
    }

    private(set) var state = State.healthy(failures: 0, stops: 0)
    /// After a 429, until this time.
    private(set) var pausedUntil: Timestamp?
    private var pauses = 0
    private var isTrying = false
    /// No request was made yet: a stop that others know may have been corrected by the restart.
    private var isFresh = true
    /// When a stop ended last.
    private var resumedAt: Timestamp?
    /// When the provider failed last, or began to be degraded.
    private var failedAt: Timestamp?

    private static let mostFailures = 5
    /// Stops in a row that stop a provider shortly after a stop has ended: the last stop may have
    /// been about one message, and more such messages may follow.
    private static let mostStops = 5
    private static let doubt = Duration.seconds(600)
    /// How long after a failure part of the requests skips the beginning of the queue.
    private static let caution = Duration.seconds(60)
    /// How long one message may be the only one that met a stop before other providers take over.
    private static let proof = Duration.seconds(3)
    private static let degradedRest = Backoff(base: .seconds(2), cap: .seconds(120))
    private static let stopRest = Backoff(base: .seconds(30), cap: .seconds(300))
    private static let freshRest = Backoff(base: .milliseconds(500), cap: .seconds(300))
    /// More than this would change nothing.
    private static let manyWitnesses = 16
    private static let pauseRest = Backoff(base: .seconds(1), cap: .seconds(60))

    package init() {}

    /// What may be submitted to it now, of so many requests that could be made.
    package func allowance(of free: Int, at now: Timestamp) -> Allowance {
        func none(until time: Timestamp) -> Allowance {
            Allowance(requests: 0, nextAt: time, trial: nil)
        }
        func one(_ trial: Trial, _ nextAt: Timestamp?) -> Allowance {
            Allowance(requests: isTrying ? 0 : min(free, 1), nextAt: nextAt, trial: trial)
        }
        if let pausedUntil, now < pausedUntil { return none(until: pausedUntil) }
        switch state {
        case .healthy: return Allowance(requests: free, nextAt: nil, trial: nil)
        case .degraded(let trials, let retryAt):
            guard now >= retryAt else { return none(until: retryAt) }
            return one(Trial(number: trials, isFresh: false), nil)
        case .stopped(let stop):
            let number = stop.trials + stop.witnesses
            if now >= stop.retryAt { return one(Trial(number: number, isFresh: false), nil) }
            guard now >= stop.freshAt else { return none(until: min(stop.freshAt, stop.retryAt)) }
            return one(Trial(number: number, isFresh: true), stop.retryAt)
        }
    }

    /// Requests are being made now.
    package mutating func began() {
        isFresh = false
        if case .healthy = state { return }
        isTrying = true
    }

    /// A request that began was not made.
    package mutating func abandoned() { isTrying = false }

    /// Whether it is stopped: a message that meets the stop now is not the first one.
    package var isStopped: Bool { if case .stopped = state { true } else { false } }

    /// Whether part of the requests should skip the beginning of the queue: a recent failure may be
    /// due to a message there.
    package func isCautious(at now: Timestamp) -> Bool {
        failedAt.map { now.since($0) < Self.caution } ?? false
    }

    /// Whether other providers should take over: it is stopped, degraded, or paused for longer than
    /// a bound.
    ///
    /// Not in the first moments of a stop that only one message has met; the next one shows whether
    /// it is about the message or the provider.
    package func isUnhealthy(at now: Timestamp, longerThan bound: Duration) -> Bool {
        switch state {
        case .degraded: true
        case .stopped(let stop): stop.witnesses > 1 || now.since(stop.since) >= Self.proof
        case .healthy: pausedUntil.map { $0.since(now) > bound } ?? false
        }
    }

    /// A request has ended.
    ///
    /// - Parameters:
    ///   - sign: what it shows about the provider.
    ///   - isTrial: whether it was made while the provider was known to be stopped: only such a
    ///     request shows that the stop is over, however slow its answer.
    ///   - now: when its answer came.
    ///   - jitter: 0 to 1; spreads the pauses of several dispatchers.
    /// - Returns: what other dispatchers must see.
    package mutating func record(
        _ sign: Sign, isTrial: Bool, at now: Timestamp, jitter: Double
    ) -> Action {
        isTrying = false
        switch sign {
        case .good: return recover(isTrial: isTrial, at: now)
        case .slow where isStopped && isTrial: return recover(isTrial: true, at: now)
        case .slow, .failed: return fail(isTrial: isTrial, at: now, jitter: jitter)
        case .limited(let seconds):
            pauses += 1
            let rest = seconds.map { Duration.seconds(min(max($0, 1), 3600)) }
            let until = now.advanced(
                by: rest ?? Self.pauseRest.bound(failures: pauses) * (0.5 + jitter / 2))
            pausedUntil = max(pausedUntil ?? until, until)
            return .nothing
        case .stopped(let problem):
            return stop(problem.redacted, isTrial: isTrial, at: now, jitter: jitter)
        case .refusedOne: return .nothing
        }
    }

    /// Adopts what all dispatchers know, read after our own last change was written.
    ///
    /// A dispatcher that has made no request yet may try at once: it may have new credentials.
    package mutating func adopt(_ stop: ProviderStop?, at now: Timestamp) -> Action {
        guard let stop else {
            guard isStopped else { return .nothing }
            state = .healthy(failures: 0, stops: 0)
            isTrying = false
            resumedAt = now
            return .resumed
        }
        let retryAt = isFresh ? min(stop.retryAt, now) : stop.retryAt
        if case .stopped(var known) = state {
            known.since = stop.since
            known.problem = stop.problem
            known.retryAt = retryAt
            state = .stopped(known)
        } else {
            state = .stopped(
                Stop(
                    since: stop.since, problem: stop.problem, retryAt: retryAt,
                    witnesses: Self.manyWitnesses, freshAt: retryAt))
        }
        return .nothing
    }

    private mutating func recover(isTrial: Bool, at now: Timestamp) -> Action {
        guard isTrial || !isStopped else { return .nothing }
        defer {
            state = .healthy(failures: 0, stops: 0)
            pauses = 0
        }
        switch state {
        case .healthy: return .nothing
        case .degraded: return .recovered
        case .stopped:
            resumedAt = now
            return .resumed
        }
    }

    private mutating func fail(
        isTrial: Bool, at now: Timestamp, jitter: Double
    ) -> Action {
        failedAt = now
        switch state {
        case .healthy(let failures, let stops) where failures + 1 < Self.mostFailures:
            state = .healthy(failures: failures + 1, stops: stops)
            return .nothing
        case .healthy:
            state = .degraded(trials: 0, retryAt: Self.time(Self.degradedRest, 1, now, jitter))
            return .degraded
        case .degraded(_, let retryAt) where now < retryAt:
            // Requests in flight when it became degraded are not trials.
            return .nothing
        case .degraded(let trials, _):
            state = .degraded(
                trials: trials + 1,
                retryAt: Self.time(Self.degradedRest, trials + 2, now, jitter))
            return .nothing
        case .stopped(let stop) where now < stop.retryAt && !isTrial:
            return .nothing
        case .stopped(var stop):
            stop.wasMet(at: now)
            guard now >= stop.retryAt else {
                state = .stopped(stop)
                return .nothing
            }
            stop.retryAt = Self.time(Self.stopRest, stop.trials, now, jitter)
            state = .stopped(stop)
            return .stopped(stop.told)
        }
    }

    private mutating func stop(
        _ problem: ProviderProblem, isTrial: Bool, at now: Timestamp, jitter: Double
    ) -> Action {
        switch state {
        case .healthy(let failures, let stops)
        where isUncertain(at: now) && stops + 1 < Self.mostStops:
            state = .healthy(failures: failures, stops: stops + 1)
            return .nothing
        case .healthy, .degraded:
            let stop = Stop(
                since: now, problem: problem,
                retryAt: Self.time(Self.stopRest, 1, now, jitter), witnesses: 1,
                freshAt: now.advanced(by: Self.freshRest.bound(failures: 1)))
            state = .stopped(stop)
            return .stopped(stop.told)
        case .stopped(var stop):
            guard isTrial else { return .nothing }
            stop.wasMet(at: now)
            defer { state = .stopped(stop) }
            guard now >= stop.retryAt else { return .nothing }
            stop.problem = problem
            stop.trials += 1
            stop.retryAt = Self.time(Self.stopRest, stop.trials, now, jitter)
            return .stopped(stop.told)
        }
    }

    private func isUncertain(at now: Timestamp) -> Bool {
        resumedAt.map { now.since($0) < Self.doubt } ?? false
    }

    /// From the bound to a fifth more, because pauses must grow, not only be spread.
    private static func time(
        _ rest: Backoff, _ failures: Int, _ now: Timestamp, _ jitter: Double
    ) -> Timestamp {
        now.advanced(by: rest.bound(failures: failures) * (1 + jitter / 5))
    }
}
