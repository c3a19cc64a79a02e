private import Synchronization

/// When a thread last turned, and how long it may take until it turns again, so that a watchdog can
/// tell one that waits for a slow database from one that hangs. Any thread.
package final class Heartbeat: Sendable {
    private let state = Mutex((last: ContinuousClock.now, allowance: usual))

    /// Of what waits for nothing but its turn on the processor.
    package static let usual = Duration.seconds(45)

    /// A heartbeat that has just beaten.
    package init() {}

    /// The thread turns.
    ///
    /// - Parameter allowance: The longest that what follows may take.
    package func beat(allowing allowance: Duration = usual) {
        state.withLock { $0 = (.now, allowance) }
    }

    /// Whether it has not turned for longer than it may take.
    package func isLate(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { now - $0.last > $0.allowance }
    }
}
