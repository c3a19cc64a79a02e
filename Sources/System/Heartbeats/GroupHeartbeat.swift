/// When attempts of several threads that share one queue began and ended, so that a watchdog can
/// tell a stuck group from a busy one.
///
/// A pure state machine; time is passed in. With a long queue or a slow or unreachable server,
/// attempts still end, with success or failure; a stuck thread ends none.
package struct GroupHeartbeat: Sendable {
    /// When each thread began its current attempt, by its number.
    private var running: [Int: ContinuousClock.Instant] = [:]
    /// Since when something has been waiting that no thread has taken.
    private var waitingSince: ContinuousClock.Instant?
    private var lastEnd: ContinuousClock.Instant?

    /// A group with nothing to do.
    package init() {}

    /// Something arrived in an empty queue.
    package mutating func beganToWait(at now: ContinuousClock.Instant) {
        waitingSince = waitingSince ?? now
    }

    /// A thread begins an attempt.
    package mutating func began(_ thread: Int, at now: ContinuousClock.Instant) {
        running[thread] = now
    }

    /// Its attempt has ended, with success or failure.
    ///
    /// - Parameters:
    ///   - thread: Whose.
    ///   - hasMore: Whether something waits now.
    ///   - now: The time.
    package mutating func ended(_ thread: Int, hasMore: Bool, at now: ContinuousClock.Instant) {
        running[thread] = nil
        waitingSince = hasMore ? now : nil
        lastEnd = now
    }

    /// When the longest running attempt began.
    package var oldestStart: ContinuousClock.Instant? { running.values.min() }

    /// Whether something is running or waiting, and no attempt has ended for so long.
    package func isStuck(for limit: Duration, at now: ContinuousClock.Instant) -> Bool {
        let sinces = [waitingSince].compactMap { $0 } + running.values
        guard let since = sinces.min() else { return false }
        return now - max(since, lastEnd ?? since) > limit
    }
}
