import Domain
import Synchronization

/// The entries that one committer has taken, until each is answered: by the committer when it is
/// stored, or by the deadline thread when its time is over, whichever comes first.
///
/// Entries keep their places. Any thread; no entry is answered under the lock.
final class OpenEntries: Sendable {
    typealias Entry = SubmissionQueue.Entry

    fileprivate struct State {
        var entries: [Entry] = []
        /// Which are answered, if some are; most batches are closed as a whole.
        var isClosed: [Bool]?
        /// The earliest and the latest deadline among all of them.
        var deadlines: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?
    }

    private let state = Mutex(State())

    init(_ entries: [Entry] = []) {
        replace(with: entries)
    }

    /// Holds these from now on; all of the last ones must be closed.
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

    /// The latest deadline: after it there is no entry left to answer.
    var lastDeadline: ContinuousClock.Instant? {
        state.withLock { $0.deadlines?.last }
    }

    /// An entry, unless it is answered.
    subscript(index: Int) -> Entry? {
        state.withLock { $0.isClosed?[index] == true ? nil : $0.entries[index] }
    }

    /// Replaces submissions by others; their callers get the answer to the new ones.
    func replace(_ submissions: [Int: Submission]) {
        state.withLock { state in
            for (index, submission) in submissions {
                state.entries[index].submission = submission
            }
        }
    }

    /// Closes all; the caller answers them.
    func closeAll() -> [Entry] {
        let before = state.withLock { state -> State in
            defer { state = State() }
            return state
        }
        guard let isClosed = before.isClosed else { return before.entries }
        return zip(before.entries, isClosed).compactMap { $1 ? nil : $0 }
    }

    /// Closes some; the caller answers them.
    func close(_ places: Range<Int>) -> [Entry] {
        state.withLock { $0.close(places) { _ in true } }
    }

    /// Closes those past their deadline; the caller answers them.
    func closeExpired(at now: ContinuousClock.Instant) -> [Entry] {
        state.withLock { state in
            guard let first = state.deadlines?.first, first <= now else { return [] }
            let expired = state.close(state.entries.indices) { $0.deadline <= now }
            let open = zip(state.entries, state.isClosed ?? []).lazy.filter { !$1 }
            // No entry is left to expire.
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
