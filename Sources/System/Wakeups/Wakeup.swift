/// Wakes a thread that waits; signals before the wait count as one. Any thread.
///
/// One thread waits at a time. A `ServiceThread` that must also notice its stop uses
/// `ServiceThread.wait` instead.
package final class Wakeup: Sendable {
    private let isSignalled = Monitor(false)

    /// A wake-up without a signal.
    package init() {}

    /// Ends the wait, or the next one.
    package func signal() {
        let isNews = isSignalled.withLock { isSignalled in
            defer { isSignalled = true }
            return !isSignalled
        }
        if isNews { isSignalled.wakeAll() }
    }

    /// Waits for a signal.
    package func wait() {
        isSignalled.wait(for: Self.take)
    }

    /// Waits for a signal until the deadline.
    ///
    /// - Returns: Whether it was signalled.
    @discardableResult
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        isSignalled.wait(until: deadline, for: Self.take) != nil
    }

    /// Waits for a signal for so long at most.
    ///
    /// - Returns: Whether it was signalled.
    @discardableResult
    package func wait(for limit: Duration) -> Bool { wait(until: .now + limit) }

    private static func take(_ isSignalled: inout Bool) -> Void? {
        guard isSignalled else { return nil }
        isSignalled = false
        return ()
    }
}
