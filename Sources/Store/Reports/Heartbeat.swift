/// When attempts to commit began and ended, for who must tell a stuck writer from a busy one.
///
/// A pure state machine; time is passed in. A queue that is merely long, or a server that is slow
/// or away, ends attempts all the time, with success or failure; a stuck thread ends none.
struct Heartbeat {
    /// When each committer began what it has not ended, by its number.
    private var running: [Int: ContinuousClock.Instant] = [:]
    /// Since when something waits that nobody has dealt with.
    private var waitingSince: ContinuousClock.Instant?
    private var lastEnd: ContinuousClock.Instant?

    /// Something came while nothing waited.
    mutating func beganToWait(at now: ContinuousClock.Instant) {
        waitingSince = waitingSince ?? now
    }

    /// A committer connects or sends a batch.
    mutating func began(_ committer: Int, at now: ContinuousClock.Instant) {
        running[committer] = now
    }

    /// It did, or knows that it could not; `hasMore` tells whether something waits now.
    mutating func ended(_ committer: Int, hasMore: Bool, at now: ContinuousClock.Instant) {
        running[committer] = nil
        waitingSince = hasMore ? now : nil
        lastEnd = now
    }

    /// When the attempt began that has been under way longest.
    var oldestStart: ContinuousClock.Instant? { running.values.min() }

    /// Whether something is under way or waits, and no attempt has ended for so long.
    func isStuck(for limit: Duration, at now: ContinuousClock.Instant) -> Bool {
        let sinces = [waitingSince].compactMap { $0 } + running.values
        guard let since = sinces.min() else { return false }
        return now - max(since, lastEnd ?? since) > limit
    }
}
