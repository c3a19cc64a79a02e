/// How long batches take, and from that when a new entry will be stored.
///
/// A pure state machine. It refuses only entries that would certainly be late. The fastest of the
/// last three batches counts, because a single stall of the disk may delay the batches of two
/// committers at once. And it counts at most three quarters of the commit deadline, so that some
/// entry is always tried and shows when the server is fast again.
struct Forecast {
    private let longest: Duration
    private var recent: [Duration] = []

    private static let memory = 3

    /// - Parameter deadline: how long an entry may wait in all.
    init(deadline: Duration) {
        longest = deadline * 3 / 4
    }

    /// A batch was committed in this time, or not even in it.
    mutating func took(_ time: Duration) {
        recent.append(time)
        if recent.count > Self.memory { recent.removeFirst() }
    }

    /// How long the next batch takes at least; zero while too few are known.
    var batch: Duration {
        guard recent.count == Self.memory, let quickest = recent.min() else { return .zero }
        return min(quickest, longest)
    }

    /// How long an entry waits at least until it is stored.
    ///
    /// - Parameters:
    ///   - batches: whole batches that come before the entry's own.
    ///   - committers: how many write at the same time.
    ///   - running: for how long the current batch has been running; nil if a committer is free.
    /// - Returns: the running batch's rest, the batches before the entry's own, and that one.
    func wait(behind batches: Int, committers: Int, running: Duration?) -> Duration {
        let batch = batch
        let rest = running.map { max(.zero, batch - $0) } ?? .zero
        return rest + batch * (batches / max(1, committers) + 1)
    }
}
