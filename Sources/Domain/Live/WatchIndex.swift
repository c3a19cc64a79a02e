/// Who watches what: finds the watchers of a change without asking for the message.
///
/// `Watcher` names a stream. A send request is watched by its messages, which are all there from its
/// beginning on.
package struct WatchIndex<Watcher: Hashable & Sendable>: Sendable {
    private var byMessage: [MessageID: [Watcher]] = [:]
    private var byFilter: [LiveFilter: [Watcher]] = [:]

    package init() {}

    /// What one watcher watches.
    package enum Subject: Sendable {
        case messages([MessageID])
        case filter(LiveFilter)
    }

    package mutating func add(_ watcher: Watcher, to subject: Subject) {
        switch subject {
        case .messages(let ids): for id in ids { byMessage[id, default: []].append(watcher) }
        case .filter(let filter): byFilter[filter, default: []].append(watcher)
        }
    }

    package mutating func remove(_ watcher: Watcher, from subject: Subject) {
        switch subject {
        case .messages(let ids): for id in ids { Self.remove(watcher, from: &byMessage[id]) }
        case .filter(let filter): Self.remove(watcher, from: &byFilter[filter])
        }
    }

    /// Those who watch this very message.
    package func watchers(of message: MessageID) -> [Watcher] { byMessage[message] ?? [] }

    /// All filters with their watchers.
    package var filters: [LiveFilter: [Watcher]] { byFilter }

    /// The messages that must be read to show these changes; a change that nobody watches asks for
    /// nothing.
    ///
    /// - Parameters:
    ///   - changes: in their order.
    ///   - limit: the most messages that are read for filters. Beyond it, filters get none.
    /// - Returns: each message once, and whether filters are served.
    package func needed(
        _ changes: [StatusChange], limit: Int
    ) -> (messages: [MessageID], servesFilters: Bool) {
        var messages: [MessageID] = []
        if !byFilter.isEmpty {
            var seen = Set<MessageID>()
            messages = changes.map(\.message).filter { seen.insert($0).inserted }
            if messages.count <= limit { return (messages, true) }
        }
        guard !byMessage.isEmpty else { return ([], byFilter.isEmpty) }
        var seen = Set<MessageID>()
        messages = []
        for change in changes
        where byMessage[change.message] != nil && seen.insert(change.message).inserted {
            messages.append(change.message)
        }
        return (messages, byFilter.isEmpty)
    }

    private static func remove(_ watcher: Watcher, from list: inout [Watcher]?) {
        guard let place = list?.firstIndex(of: watcher) else { return }
        // The order among watchers does not matter.
        if let last = list?.popLast(), last != watcher { list?[place] = last }
        if list?.isEmpty ?? false { list = nil }
    }
}
