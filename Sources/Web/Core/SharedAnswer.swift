private import Synchronization
import System

/// A value that one thread obtains for all callers.
///
/// Obtaining it may take long, because the database may hang. So a thread of its own asks, once at
/// a time and never twice within the interval, and callers get the last value. Any thread.
package final class SharedAnswer<Value: Sendable>: Sendable {
    /// When the question is asked.
    package enum Rhythm: Sendable {
        /// All the time, so that callers never wait.
        case steady
        /// When a caller comes and the last answer is older than the interval.
        case onDemand
    }

    /// What is known now.
    package struct Reading: Sendable {
        /// Nil before the first answer.
        package let value: Value?
        /// How old the value is.
        package let age: Duration?
        /// How long the current query has been without an answer; nil if there is none.
        package let pending: Duration?
    }

    private struct State {
        var value: Value?
        var answeredAt: ContinuousClock.Instant?
        var askedAt: ContinuousClock.Instant?
        var isAsking = false
        /// Callers that wait for the next answer.
        var waiters: [Wakeup] = []
    }

    private let state: Mutex<State>
    private let interval: Duration
    private let rhythm: Rhythm
    private let ask: @Sendable () -> Value
    private let thread: ServiceThread

    /// Starts the thread, which lives until `stop`.
    ///
    /// - Parameters:
    ///   - name: the thread's, at most 15 bytes.
    ///   - rhythm: when to ask.
    ///   - interval: how long a value is used.
    ///   - first: the value known at the start.
    ///   - ask: obtains the value; may block.
    package init(
        _ name: String, _ rhythm: Rhythm, every interval: Duration = .seconds(1),
        first: Value? = nil, ask: @escaping @Sendable () -> Value
    ) {
        self.rhythm = rhythm
        self.interval = interval
        self.ask = ask
        state = Mutex(State(value: first, answeredAt: first == nil ? nil : .now))
        thread = ServiceThread(name)
        thread.startOrAbort { [self] in run() }
    }

    /// The last value; if it is too old, waits for the next one.
    ///
    /// - Parameter patience: the longest wait. There is none while the last value is younger than
    ///   the interval, or while the current query has been running for longer than this.
    /// - Returns: the value known then.
    package func latest(within patience: Duration = .zero) -> Reading {
        let now = ContinuousClock.now
        let waiter = state.withLock { state -> Wakeup? in
            if let answeredAt = state.answeredAt, now - answeredAt < interval { return nil }
            if state.isAsking, let askedAt = state.askedAt, now - askedAt >= patience {
                return nil
            }
            let waiter = Wakeup()
            state.waiters.append(waiter)
            return waiter
        }
        if let waiter {
            thread.wake()
            if !waiter.wait(for: patience) {
                state.withLock { state in state.waiters.removeAll { $0 === waiter } }
            }
        }
        return state.withLock { state in
            let now = ContinuousClock.now
            return Reading(
                value: state.value, age: state.answeredAt.map { now - $0 },
                pending: state.isAsking ? state.askedAt.map { now - $0 } : nil)
        }
    }

    /// Asks no more. A query that is running is not waited for.
    package func stop() {
        thread.stop()
    }

    private func run() {
        while !thread.isStopping {
            switch nextStep() {
            case .ask: break
            case .rest(let next):
                thread.wait(until: next)
                continue
            case .idle:
                thread.wait()
                continue
            }
            state.withLock { state in
                state.isAsking = true
                state.askedAt = .now
            }
            let value = ask()
            let waiters = state.withLock { state in
                state.value = value
                state.answeredAt = .now
                state.isAsking = false
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.signal() }
        }
        for waiter in state.withLock({ $0.waiters }) { waiter.signal() }
    }

    private enum Step {
        case ask
        case rest(until: ContinuousClock.Instant)
        case idle
    }

    private func nextStep() -> Step {
        state.withLock { state in
            if rhythm == .onDemand, state.waiters.isEmpty { return .idle }
            // Counted from the query, not the answer: a fast answer must not make queries more
            // frequent.
            let last = state.askedAt ?? (rhythm == .steady ? state.answeredAt : nil)
            guard let last, .now - last < interval else { return .ask }
            return .rest(until: last + interval)
        }
    }
}
