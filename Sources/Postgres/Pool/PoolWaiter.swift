import System

/// One caller that waits for a connection; resumed once.
final class PoolWaiter: Sendable {
    typealias Outcome = PoolState<Connection, PoolWaiter>.Outcome

    private let outcome = Monitor<Outcome?>(nil)

    func resume(_ result: Outcome) {
        outcome.withLock { $0 = result }
        outcome.wakeAll()
    }

    /// Waits until resumed; nil when the deadline passed.
    func wait(until deadline: ContinuousClock.Instant) -> Outcome? {
        outcome.wait(until: deadline) { $0 }
    }

    /// The outcome that will come, because the state has already removed this waiter.
    func promisedOutcome() -> Outcome { outcome.wait { $0 } }
}
