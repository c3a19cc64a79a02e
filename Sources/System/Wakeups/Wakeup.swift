/// Wakes a thread that waits; rings before the wait count as one. Any thread.
///
/// One thread waits at a time. A thread of ours that also has to see its stop waits by
/// `ServiceThread.wait`.
package final class Wakeup: Sendable {
    private let isRung = Monitor(false)

    /// A wake-up that nobody has rung.
    package init() {}

    /// Ends the wait, or the next one.
    package func ring() {
        let isNews = isRung.withLock { isRung in
            defer { isRung = true }
            return !isRung
        }
        if isNews { isRung.wakeAll() }
    }

    /// Waits for a ring.
    package func wait() {
        isRung.wait(for: Self.take)
    }

    /// Waits for a ring until the deadline.
    ///
    /// - Returns: Whether it was rung.
    @discardableResult
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        isRung.wait(until: deadline, for: Self.take) != nil
    }

    /// Waits for a ring for so long at most.
    ///
    /// - Returns: Whether it was rung.
    @discardableResult
    package func wait(for limit: Duration) -> Bool { wait(until: .now + limit) }

    private static func take(_ isRung: inout Bool) -> Void? {
        guard isRung else { return nil }
        isRung = false
        return ()
    }
}
