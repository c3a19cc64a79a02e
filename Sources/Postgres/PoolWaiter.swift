import Dispatch
import Synchronization

/// One caller that waits for a connection; resumed once.
final class PoolWaiter: Sendable {
    typealias Outcome = PoolState<Connection, PoolWaiter>.Outcome

    private let semaphore = DispatchSemaphore(value: 0)
    private let outcome = Mutex<Outcome?>(nil)

    func resume(_ result: Outcome) {
        outcome.withLock { $0 = result }
        semaphore.signal()
    }

    /// Waits until resumed; nil when the deadline passed.
    func wait(until deadline: ContinuousClock.Instant) -> Outcome? {
        let left = Int(clamping: max(0, (deadline - .now).milliseconds))
        guard semaphore.wait(timeout: .now() + .milliseconds(left)) == .success else { return nil }
        return outcome.withLock { $0 }
    }

    /// The outcome that is certain to come, because the pool has let go of this waiter.
    func promisedOutcome() -> Outcome {
        semaphore.wait()
        return outcome.withLock { $0 } ?? .mayTryAgain
    }
}
