package import Domain

/// Whether a provider is put requests to now, by how it took the last ones. A pure state machine;
/// the caller tells it the time.
package struct ProviderHealth: Sendable {
    /// What a request came to, as far as the provider's health is concerned.
    package enum Sign: Sendable, Equatable {
        /// It answered sensibly, be it by refusing a message.
        case good
        /// It answered, but late.
        case slow
        /// No answer, or one of a server in trouble.
        case failed
        /// It asked for fewer requests.
        case limited(afterSeconds: Int?)
        /// Credentials or account: no request will do.
        case stopped(ProviderProblem)
    }

    /// What others are to be told.
    package enum Change: Sendable, Equatable {
        case ailing
        case stopped(ProviderStop)
        /// It was ailing and answers again.
        case recovered
        /// It was stopped and takes messages again.
        case resumed
    }

    enum State: Sendable, Equatable {
        /// Exits: `mostFailures` bad signs in a row to `ailing`; `stopped`.
        case well(failures: Int)
        /// One request at a time tries it, from `retryAt` on. Exits: a good sign to `well`; another
        /// bad one to a later `retryAt`; `stopped`.
        case ailing(trials: Int, retryAt: Timestamp)
        /// The same, for all dispatchers. Exits: a good sign of a trial, or word of another
        /// dispatcher that it goes on, to `well`.
        case stopped(since: Timestamp, problem: ProviderProblem, trials: Int, retryAt: Timestamp)
    }

    private(set) var state = State.well(failures: 0)
    /// After a 429; ends by time.
    private(set) var pausedUntil: Timestamp?
    private var pauses = 0
    private var isTrying = false
    /// No request was made yet: what others know of a stop may have been mended by the restart.
    private var isFresh = true

    private static let mostFailures = 5
    private static let ailingRest = Backoff(base: .seconds(2), cap: .seconds(120))
    private static let stopRest = Backoff(base: .seconds(30), cap: .seconds(300))
    private static let pauseRest = Backoff(base: .seconds(1), cap: .seconds(60))

    package init() {}

    /// How many requests may be made now, of so many that could; and when to ask again if none.
    package func allowance(of free: Int, at now: Timestamp) -> (requests: Int, nextAt: Timestamp?) {
        if let pausedUntil, now < pausedUntil { return (0, pausedUntil) }
        switch state {
        case .well: return (free, nil)
        case .ailing(_, let retryAt), .stopped(_, _, _, let retryAt):
            guard now >= retryAt else { return (0, retryAt) }
            return (isTrying ? 0 : min(free, 1), nil)
        }
    }

    /// Requests are being made now.
    package mutating func began() {
        isFresh = false
        if case .well = state { return }
        isTrying = true
    }

    /// A request that began was not made after all.
    package mutating func abandoned() { isTrying = false }

    /// Whether it is stopped: then a message that meets the stop has met it before.
    package var isStopped: Bool { if case .stopped = state { true } else { false } }

    /// Whether others should take over: it is stopped, ailing, or paused for longer than a bound.
    package func isUnwell(at now: Timestamp, longerThan bound: Duration) -> Bool {
        switch state {
        case .ailing, .stopped: true
        case .well: pausedUntil.map { $0.since(now) > bound } ?? false
        }
    }

    /// A request came to this.
    ///
    /// - Parameters:
    ///   - sign: what it says of the provider.
    ///   - isTrial: whether it was made while the provider was known to be stopped: only such a
    ///     one shows that the stop is over, however slowly it was answered.
    ///   - now: when its answer came.
    ///   - jitter: 0 to 1; makes the rests of several dispatchers differ.
    /// - Returns: what to tell others; nil if nothing has changed for them.
    package mutating func record(
        _ sign: Sign, isTrial: Bool, at now: Timestamp, jitter: Double
    ) -> Change? {
        isTrying = false
        switch sign {
        case .good: return heal(isTrial: isTrial)
        case .slow where isStopped && isTrial: return heal(isTrial: true)
        case .slow, .failed: return fail(at: now, jitter: jitter)
        case .limited(let seconds):
            pauses += 1
            let rest = seconds.map { Duration.seconds(min(max($0, 1), 3600)) }
            let until = now.advanced(
                by: rest ?? Self.pauseRest.bound(failures: pauses) * (0.5 + jitter / 2))
            pausedUntil = max(pausedUntil ?? until, until)
            return nil
        case .stopped(let problem): return stop(problem, at: now, jitter: jitter)
        }
    }

    /// What all dispatchers together know, read after our own last change was written.
    ///
    /// Who has made no request yet may try at once: it may have been started with new credentials.
    package mutating func adopt(_ stop: ProviderStop?, at now: Timestamp) -> Change? {
        let stop = stop.map { stop in
            ProviderStop(
                since: stop.since, problem: stop.problem,
                retryAt: isFresh ? min(stop.retryAt, now) : stop.retryAt)
        }
        switch (state, stop) {
        case (.stopped, nil):
            state = .well(failures: 0)
            isTrying = false
            return .resumed
        case (.stopped(_, _, let trials, _), let stop?):
            state = .stopped(
                since: stop.since, problem: stop.problem, trials: trials, retryAt: stop.retryAt)
            return nil
        case (.well, let stop?), (.ailing, let stop?):
            state = .stopped(
                since: stop.since, problem: stop.problem, trials: 1, retryAt: stop.retryAt)
            return nil
        case (.well, nil), (.ailing, nil): return nil
        }
    }

    private mutating func heal(isTrial: Bool) -> Change? {
        guard isTrial || !isStopped else { return nil }
        defer {
            state = .well(failures: 0)
            pauses = 0
        }
        switch state {
        case .well: return nil
        case .ailing: return .recovered
        case .stopped: return .resumed
        }
    }

    private mutating func fail(at now: Timestamp, jitter: Double) -> Change? {
        switch state {
        case .well(let failures) where failures + 1 < Self.mostFailures:
            state = .well(failures: failures + 1)
            return nil
        case .well:
            state = .ailing(trials: 0, retryAt: Self.time(Self.ailingRest, 1, now, jitter))
            return .ailing
        case .ailing(_, let retryAt) where now < retryAt:
            // Requests that were under way when it began to ail are no trials.
            return nil
        case .ailing(let trials, _):
            state = .ailing(
                trials: trials + 1,
                retryAt: Self.time(Self.ailingRest, trials + 2, now, jitter))
            return nil
        case .stopped(_, _, _, let retryAt) where now < retryAt:
            return nil
        case .stopped(let since, let problem, let trials, _):
            let next = ProviderStop(
                since: since, problem: problem,
                retryAt: Self.time(Self.stopRest, trials, now, jitter))
            state = .stopped(
                since: since, problem: problem, trials: trials, retryAt: next.retryAt)
            return .stopped(next)
        }
    }

    private mutating func stop(
        _ problem: ProviderProblem, at now: Timestamp, jitter: Double
    ) -> Change? {
        var since = now
        var trials = 1
        if case .stopped(let began, _, let before, let retryAt) = state {
            guard now >= retryAt else { return nil }
            since = began
            trials = before + 1
        }
        let stop = ProviderStop(
            since: since, problem: problem, retryAt: Self.time(Self.stopRest, trials, now, jitter))
        state = .stopped(since: since, problem: problem, trials: trials, retryAt: stop.retryAt)
        return .stopped(stop)
    }

    /// From the bound to a fifth more: the rests must grow, not only be spread.
    private static func time(
        _ rest: Backoff, _ failures: Int, _ now: Timestamp, _ jitter: Double
    ) -> Timestamp {
        now.advanced(by: rest.bound(failures: failures) * (1 + jitter / 5))
    }
}
