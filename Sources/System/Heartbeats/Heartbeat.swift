private import Synchronization

/// When a thread's loop last came round, and how long its next round may take. With it a watchdog
/// can tell a thread that waits for a slow database from one that hangs. Any thread.
package final class Heartbeat: Sendable {
    private let state = Mutex((last: ContinuousClock.now, allowance: usual))

    /// For a round that waits for nothing but the processor.
    package static let usual = Duration.seconds(45)

    /// A heartbeat that counts from now.
    package init() {}

    /// Starts the next round.
    ///
    /// - Parameter allowance: The longest that this round may take.
    package func beat(allowing allowance: Duration = usual) {
        state.withLock { $0 = (.now, allowance) }
    }

    /// Whether the round takes longer than allowed.
    package func isLate(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { now - $0.last > $0.allowance }
    }
}
