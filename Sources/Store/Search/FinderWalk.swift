import Domain
import Synchronization

/// Goes through all that a filter finds. Knows only where it is.
final class FinderWalk: MessageWalk {
    private struct State {
        var position: SearchPosition?
        /// Those that have been found and may turn up again, with an earlier time.
        var recent: [UInt64: Timestamp] = [:]
        var scanned = MessageBatch.limit
        var isOver = false
    }

    private let finder: MessageFinder
    private let filter: MessageFilter
    private let state = Mutex(State())

    /// A batch is given up after this, so that the caller sees whether anybody still waits.
    private static let budget: Duration = .seconds(1)
    /// How many recent ones are remembered; there are that many only under the highest load.
    private static let recentLimit = 200_000

    init(_ finder: MessageFinder, _ filter: MessageFilter) {
        self.finder = finder
        self.filter = filter
    }

    func next() throws(StoreFailure) -> MessageBatch? {
        let (position, scanned, isOver) = state.withLock { ($0.position, $0.scanned, $0.isOver) }
        if isOver { return nil }
        let found = try finder.page(
            of: filter, limit: MessageBatch.limit, after: position, within: Self.budget,
            scanned: scanned)
        return state.withLock { state in
            state.scanned = found.scanned
            state.position = found.page.next
            state.isOver = found.page.next == nil
            return MessageBatch(
                messages: new(found.page.messages, &state),
                searchedBackTo: found.page.next?.createdAt ?? filter.since
                    ?? Timestamp(microseconds: 0))
        }
    }

    /// Without those that had another time when they were found before.
    private func new(_ messages: [Message], _ state: inout State) -> [Message] {
        let young = Timestamp.now.advanced(by: .zero - MessageFinder.settlingTime)
        let new = messages.filter {
            state.recent[SearchPosition.key(of: $0.id)] == nil
        }
        for message in new
        where !message.isOurs && message.createdAt > young
            && state.recent.count < Self.recentLimit
        {
            state.recent[SearchPosition.key(of: message.id)] = message.createdAt
        }
        return new
    }
}
