import Domain
import Synchronization

/// What one committer has taken, until each entry of it is answered: by the committer when it is on
/// disk, or by the keeper of deadlines when its time is over, whoever comes first.
///
/// Entries keep their places. Any thread; nobody answers under the lock.
final class OpenEntries: Sendable {
    typealias Entry = SubmissionQueue.Entry

    fileprivate struct State {
        var entries: [Entry] = []
        /// Which are answered, once one of them is: most batches are closed as a whole.
        var isClosed: [Bool]?
        /// The earliest and the latest deadline among all of them.
        var deadlines: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?
    }

    private let state = Mutex(State())

    init(_ entries: [Entry] = []) {
        replace(with: entries)
    }

    /// Holds these from now on; all of the last ones must have been closed.
    func replace(with entries: [Entry]) {
        let limits = entries.lazy.map(\.deadline)
        var next = State(entries: entries)
        if let first = limits.min(), let last = limits.max() { next.deadlines = (first, last) }
        state.withLock { $0 = next }
    }

    /// The places of all entries, closed or not.
    var indices: Range<Int> { state.withLock { $0.entries.indices } }

    /// What is not answered yet.
    var open: [Entry] {
        state.withLock { state in
            guard let isClosed = state.isClosed else { return state.entries }
            return zip(state.entries, isClosed).compactMap { $1 ? nil : $0 }
        }
    }

    /// The earliest deadline, as long as anything is open.
    var oldestDeadline: ContinuousClock.Instant? {
        state.withLock { $0.deadlines?.first }
    }

    /// The latest deadline: beyond it nobody is left to be answered.
    var lastDeadline: ContinuousClock.Instant? {
        state.withLock { $0.deadlines?.last }
    }

    /// An entry, unless it is answered.
    subscript(index: Int) -> Entry? {
        state.withLock { $0.isClosed?[index] == true ? nil : $0.entries[index] }
    }

    /// Puts others in the place of submissions, which are answered as if they were the same.
    func replace(_ submissions: [Int: Submission]) {
        state.withLock { state in
            for (index, submission) in submissions {
                state.entries[index].submission = submission
            }
        }
    }

    /// Closes all; who calls this answers them.
    func closeAll() -> [Entry] {
        let before = state.withLock { state -> State in
            defer { state = State() }
            return state
        }
        guard let isClosed = before.isClosed else { return before.entries }
        return zip(before.entries, isClosed).compactMap { $1 ? nil : $0 }
    }

    /// Closes some; who calls this answers them.
    func close(_ places: Range<Int>) -> [Entry] {
        state.withLock { $0.close(places) { _ in true } }
    }

    /// Closes what is past its deadline; who calls this answers it.
    func closeExpired(at now: ContinuousClock.Instant) -> [Entry] {
        state.withLock { state in
            guard let first = state.deadlines?.first, first <= now else { return [] }
            let expired = state.close(state.entries.indices) { $0.deadline <= now }
            let open = zip(state.entries, state.isClosed ?? []).lazy.filter { !$1 }
            // Nothing is left to expire.
            state.deadlines?.first =
                open.map(\.0.deadline).min() ?? now + .seconds(3600)
            return expired
        }
    }
}

extension OpenEntries.State {
    fileprivate mutating func close(
        _ places: Range<Int>, where mustClose: (OpenEntries.Entry) -> Bool
    ) -> [OpenEntries.Entry] {
        var isClosed = self.isClosed ?? Array(repeating: false, count: entries.count)
        var closed: [OpenEntries.Entry] = []
        for index in places where !isClosed[index] && mustClose(entries[index]) {
            closed.append(entries[index])
            isClosed[index] = true
        }
        if !closed.isEmpty { self.isClosed = isClosed }
        return closed
    }
}
