import Domain
import Synchronization
import System

/// The entries that wait for a commit: bounded, first in, first out.
///
/// There is no timer: a batch is everything that came while the last one was being committed.
final class SubmissionQueue: Sendable {
    typealias Completion = @Sendable (Result<Void, SinkFailure>) -> Void

    struct Entry: Sendable {
        var submission: Submission
        /// When it must be stored, or be refused.
        let deadline: ContinuousClock.Instant
        let completion: Completion
    }

    /// The entries that a committer takes at once.
    struct Portion {
        /// To be committed together.
        var entries: [Entry] = []
        /// Overdue, or certain to be before the commit; to be refused.
        var hopeless: [Entry] = []
        /// Whether these have met rows that another transaction holds: they are kept apart from the
        /// others, which must not wait with them.
        var hasMetLocks = false
        /// Whether there may be replays among these.
        var mayHoldReplays = false
    }

    private let state: Mutex<State>
    private let wakeUp = CountingSemaphore()
    let capacity: Int

    /// - Parameters:
    ///   - capacity: the most reports that wait; a callback without reports counts as one.
    ///   - byteCapacity: the most bytes of bodies that wait.
    ///   - batch: how many reports a batch holds, for looking ahead.
    ///   - committers: how many there are.
    ///   - crowd: how many reports must wait for a second taker to be let in. Two commits of 30
    ///     rows cost more than one of 60; two of 500 use both of a machine's cores.
    ///   - deadline: how long an entry may wait in all, from its arrival.
    init(
        capacity: Int, byteCapacity: Int, batch: Int = 500, committers: Int = 1, crowd: Int = 1,
        deadline: Duration = .seconds(3600)
    ) {
        self.capacity = capacity
        state = Mutex(
            State(
                capacity: capacity, byteCapacity: byteCapacity, batch: batch,
                committers: committers, crowd: crowd, deadline: deadline))
    }

    /// Reports that wait.
    var count: Int { state.withLock { $0.reports } }

    /// The earliest deadline of a waiting entry; nil if none waits.
    var oldestDeadline: ContinuousClock.Instant? {
        state.withLock { state in
            let head = state.head < state.entries.count ? state.entries[state.head]?.deadline : nil
            let others =
                state.aside.isEmpty && state.replays.isEmpty
                ? [] : (state.aside + state.replays).map(\.deadline)
            return (others + [head].compactMap { $0 }).min()
        }
    }

    /// Adds an entry, unless the queue is full or closed, or the entry cannot be stored in time.
    ///
    /// An empty queue takes any entry, however large: the bound on one callback is the parser's.
    func append(_ entry: Entry) -> SinkFailure? {
        let (failure, mustWake) = state.withLock { state -> (SinkFailure?, Bool) in
            if let failure = state.refusal(of: entry) { return (failure, false) }
            if state.isEmpty { state.heartbeat.beganToWait(at: .now) }
            state.add(entry)
            return (nil, state.wakesSleeper())
        }
        if mustWake { wakeUp.signal() }
        return failure
    }

    /// The oldest entries, up to a number of reports, at least one entry if there is any; none
    /// while another taker is busy and there is no crowd. A caller that got some must call
    /// `finish`.
    ///
    /// - Parameters:
    ///   - limit: how many reports.
    ///   - committer: who takes them.
    /// - Returns: what to commit, and what to refuse.
    func take(upTo limit: Int, by committer: Int = 0) -> Portion {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard state.hasWork(at: now) else { return Portion() }
            let portion = state.take(upTo: limit, at: now)
            guard !portion.entries.isEmpty else { return portion }
            state.takers += 1
            state.heartbeat.began(committer, at: now)
            return portion
        }
    }

    /// The entries of the last `take` are done. The taker comes back by itself, so none is woken.
    func finish(by committer: Int = 0) {
        state.withLock { state in
            state.takers -= 1
            state.heartbeat.ended(committer, hasMore: !state.isEmpty, at: .now)
        }
    }

    /// The entries of the last `take` will take long: another taker may start as if they were done.
    /// Called instead of `finish`.
    func stepAside() {
        let mustWake = state.withLock { state -> Bool in
            state.takers -= 1
            return state.wakesSleeper()
        }
        if mustWake { wakeUp.signal() }
    }

    /// Defers entries that met a lock, to be tried again soon; they keep their deadlines.
    func putAside(_ entries: [Entry]) {
        state.withLock { state in
            state.aside += entries
            for entry in entries { state.count(entry, 1) }
            state.asideUntil = .now + Self.lockPause
        }
    }

    /// Rows that another transaction holds are tried again after this.
    private static let lockPause: Duration = .milliseconds(100)

    /// A committer begins to write what it has taken, or to connect for it.
    func attemptBegan(_ committer: Int) {
        state.withLock { $0.heartbeat.began(committer, at: .now) }
    }

    /// The committer's attempt has ended, with success or failure.
    ///
    /// - Parameters:
    ///   - committer: whose.
    ///   - time: how long the batch took, or how long it failed; nil if there was no batch.
    func attemptEnded(_ committer: Int, batchTook time: Duration? = nil) {
        state.withLock { state in
            state.heartbeat.ended(committer, hasMore: !state.isEmpty, at: .now)
            if let time { state.forecast.took(time) }
        }
    }

    /// Whether no attempt has ended for so long, though one is running or something waits.
    func isStuck(for limit: Duration) -> Bool {
        state.withLock { $0.heartbeat.isStuck(for: limit, at: .now) }
    }

    /// Whether nothing waits and nothing is taken.
    var isIdle: Bool { state.withLock { $0.isEmpty && $0.takers == 0 } }

    /// Waits until there may be something to take, the queue is closed, or the time is over.
    ///
    /// - Returns: false once the queue is closed and empty.
    func wait(for limit: Duration) -> Bool {
        let now = ContinuousClock.now
        let pause = state.withLock { state -> Duration?? in
            if state.hasWork(at: now) { return .some(nil) }
            if state.isClosed, state.isEmpty { return .none }
            state.sleepers += 1
            return state.aside.isEmpty ? limit : min(limit, max(.zero, state.asideUntil - now))
        }
        guard let pause else { return false }
        if let pause, !wakeUp.wait(until: now + pause) {
            // The signal may have come just now; take it here, or the next sleep would end at once.
            let wasSignalled = state.withLock { state -> Bool in
                guard state.sleepers > 0 else { return true }
                state.sleepers -= 1
                return false
            }
            if wasSignalled { wakeUp.wait() }
        }
        return true
    }

    /// Takes no more entries; those that wait can still be taken.
    func close() {
        let sleepers = state.withLock { state -> Int in
            state.isClosed = true
            defer { state.sleepers = 0 }
            return state.sleepers
        }
        for _ in 0..<sleepers { wakeUp.signal() }
    }

    /// Removes overdue entries, or everything.
    func removeExpired(at now: ContinuousClock.Instant?) -> [Entry] {
        state.withLock { $0.removeExpired(at: now) }
    }
}
