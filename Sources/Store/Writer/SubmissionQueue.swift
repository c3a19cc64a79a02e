import Dispatch
import Domain
import Synchronization

/// What waits for a commit: bounded, first in, first out.
///
/// There is no timer: a batch is whatever came while the last one was being committed.
final class SubmissionQueue: Sendable {
    typealias Completion = @Sendable (Result<Void, SinkFailure>) -> Void

    struct Entry: Sendable {
        let submission: Submission
        /// When it must be on disk, or be refused.
        let deadline: ContinuousClock.Instant
        let completion: Completion
    }

    fileprivate struct State {
        /// Nil where an entry was taken, so that its body does not stay.
        var entries: [Entry?] = []
        /// Index of the first entry that still waits; the array is cut now and then.
        var head = 0
        var reports = 0
        var bytes = 0
        var sleepers = 0
        /// Takers that have not said that they are finished.
        var takers = 0
        var isClosed = false
        /// When attempts to commit what was taken began and ended.
        var pulse = Pulse()

        var isEmpty: Bool { head == entries.count }
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    let capacity: Int
    private let byteCapacity: Int
    private let crowd: Int

    /// - Parameters:
    ///   - capacity: the most reports that wait; a callback without reports counts as one.
    ///   - byteCapacity: the most bytes of bodies that wait.
    ///   - crowd: how many reports must wait for a second taker to be let in. Two commits of 30
    ///     rows cost more than one of 60; two of 500 use both of a machine's cores.
    init(capacity: Int, byteCapacity: Int, crowd: Int = 1) {
        self.capacity = capacity
        self.byteCapacity = byteCapacity
        self.crowd = crowd
    }

    /// Reports that wait.
    var count: Int { state.withLock { $0.reports } }

    /// When the oldest entry that waits must be on disk; nil if nothing waits.
    var oldestDeadline: ContinuousClock.Instant? {
        state.withLock { $0.isEmpty ? nil : $0.entries[$0.head]?.deadline }
    }

    /// Adds an entry, unless the queue is full or closed.
    ///
    /// An empty queue takes any entry, however large: the bound on one callback is the parser's.
    func append(_ entry: Entry) -> SinkFailure? {
        let (failure, mustWake) = state.withLock { state -> (SinkFailure?, Bool) in
            if state.isClosed { return (.stopping, false) }
            let weight = entry.weight
            guard
                state.isEmpty
                    || (state.reports + weight <= capacity
                        && state.bytes + entry.submission.callback.body.count <= byteCapacity)
            else { return (.full, false) }
            if state.isEmpty { state.pulse.beganToWait(at: .now) }
            state.entries.append(entry)
            state.reports += weight
            state.bytes += entry.submission.callback.body.count
            guard state.sleepers > 0, state.hasWork(crowd) else { return (nil, false) }
            state.sleepers -= 1
            return (nil, true)
        }
        if mustWake { wakeUp.signal() }
        return failure
    }

    /// The oldest entries, up to a number of reports, at least one entry if there is any; nothing
    /// while another taker is busy and there is no crowd. Whoever got some must call `finish`.
    func take(upTo limit: Int) -> [Entry] {
        state.withLock { state in
            guard state.hasWork(crowd) else { return [] }
            state.takers += 1
            return state.take(upTo: limit)
        }
    }

    /// The entries of the last `take` are dealt with. The taker comes back, so nobody is woken.
    func finish() {
        state.withLock { $0.takers -= 1 }
    }

    /// The entries of the last `take` will take long: others are let in as if they were dealt with.
    /// Takes the place of `finish`.
    func stepAside() {
        let mustWake = state.withLock { state -> Bool in
            state.takers -= 1
            guard state.sleepers > 0, state.hasWork(crowd) else { return false }
            state.sleepers -= 1
            return true
        }
        if mustWake { wakeUp.signal() }
    }

    /// A committer begins to connect or to write.
    func attemptBegan(_ committer: Int) {
        state.withLock { $0.pulse.began(committer, at: .now) }
    }

    /// The committer's attempt has ended, with success or failure.
    func attemptEnded(_ committer: Int) {
        state.withLock { $0.pulse.ended(committer, hasMore: !$0.isEmpty, at: .now) }
    }

    /// Whether no attempt has ended for so long, though one is under way or something waits.
    func isStuck(for limit: Duration) -> Bool {
        state.withLock { $0.pulse.isStuck(for: limit, at: .now) }
    }

    /// Waits until there may be something to take, the queue is closed, or the time is over.
    ///
    /// - Returns: false once the queue is closed and empty.
    func wait(until deadline: DispatchTime) -> Bool {
        let mustSleep = state.withLock { state -> Bool? in
            if state.hasWork(crowd) { return false }
            if state.isClosed, state.isEmpty { return nil }
            state.sleepers += 1
            return true
        }
        guard let mustSleep else { return false }
        if mustSleep, wakeUp.wait(timeout: deadline) == .timedOut {
            // The signal may have come in between; then it is taken here, not by the next sleep.
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

    /// Takes out what is past its deadline, or everything.
    func removeExpired(at now: ContinuousClock.Instant?) -> [Entry] {
        state.withLock { state in
            var kept: [Entry] = []
            var removed: [Entry] = []
            for case let entry? in state.entries[state.head...] {
                if let now, entry.deadline > now {
                    kept.append(entry)
                } else {
                    removed.append(entry)
                }
            }
            state.entries = kept
            state.head = 0
            state.reports = kept.reduce(0) { $0 + $1.weight }
            state.bytes = kept.reduce(0) { $0 + $1.submission.callback.body.count }
            return removed
        }
    }
}

extension SubmissionQueue.Entry {
    /// What it counts against the bound: its reports, at least one.
    fileprivate var weight: Int { max(1, submission.reports.count + submission.rejects.count) }
}

extension SubmissionQueue.State {
    /// Whether there is something to take: for the only taker anything, for another one a crowd.
    fileprivate func hasWork(_ crowd: Int) -> Bool {
        // At the end all help, rather than sleep until the only taker is done.
        !isEmpty && (takers == 0 || reports >= crowd || isClosed)
    }

    fileprivate mutating func take(upTo limit: Int) -> [SubmissionQueue.Entry] {
        var taken = 0
        var end = head
        var batch: [SubmissionQueue.Entry] = []
        while end < entries.count, let entry = entries[end] {
            let weight = entry.weight
            if taken > 0, taken + weight > limit { break }
            taken += weight
            bytes -= entry.submission.callback.body.count
            batch.append(entry)
            entries[end] = nil
            end += 1
        }
        reports -= taken
        head = end
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity <= 4096)
            head = 0
        } else if head > 1024 {
            entries.removeFirst(head)
            head = 0
        }
        return batch
    }
}
