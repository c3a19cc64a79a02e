/// When attempts of several threads that share one queue began and ended, so that a watchdog can
/// tell a stuck group from a busy one.
///
/// A pure state machine; time is passed in. A queue that is merely long, or a server that is slow or
/// away, ends attempts all the time, with success or failure; a stuck thread ends none.
package struct GroupHeartbeat: Sendable {
    /// When each thread began what it has not ended, by its number.
    private var running: [Int: ContinuousClock.Instant] = [:]
    /// Since when something waits that nobody has dealt with.
    private var waitingSince: ContinuousClock.Instant?
    private var lastEnd: ContinuousClock.Instant?

    /// A group with nothing to do.
    package init() {}

    /// Something came while nothing waited.
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

    /// When the attempt began that has been under way longest.
    package var oldestStart: ContinuousClock.Instant? { running.values.min() }

    /// Whether something is under way or waits, and no attempt has ended for so long.
    package func isStuck(for limit: Duration, at now: ContinuousClock.Instant) -> Bool {
        let sinces = [waitingSince].compactMap { $0 } + running.values
        guard let since = sinces.min() else { return false }
        return now - max(since, lastEnd ?? since) > limit
    }
}
