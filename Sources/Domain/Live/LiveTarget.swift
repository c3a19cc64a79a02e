/// What a live stream shows the changes of.
package enum LiveTarget: Sendable, Hashable {
    case message(MessageID)
    /// Those messages of a send request that meet a filter.
    case sendRequest(SendRequestID, LiveFilter)
    /// All messages that meet a filter.
    case filter(LiveFilter)
}

/// Which messages a stream is about: those that meet every condition, as they are after the change.
///
/// Only what a message itself shows can be asked for, because each change is compared with it.
package struct LiveFilter: Sendable, Hashable {
    /// One of these shown statuses; empty for any.
    package var statuses: Set<Status>
    /// Whether the shown status is a final one; nil for both.
    package var isFinal: Bool?
    package var provider: Provider?

    package init(
        statuses: Set<Status> = [], isFinal: Bool? = nil, provider: Provider? = nil
    ) {
        self.statuses = statuses
        self.isFinal = isFinal
        self.provider = provider
    }

    /// Whether every message meets it.
    package var isEmpty: Bool { self == LiveFilter() }

    /// Whether a message from somebody is shown: it has no status, so a stream that asks for some
    /// shows none.
    package func admits(_ inbound: StoredInbound) -> Bool {
        statuses.isEmpty && isFinal == nil
            && (provider.map { $0 == inbound.message.provider } ?? true)
    }

    /// Whether a message meets all conditions.
    package func admits(_ message: Message) -> Bool {
        if !statuses.isEmpty, !statuses.contains(message.shownStatus) { return false }
        if let isFinal, message.shownStatus.isFinal != isFinal { return false }
        if let provider, message.provider != provider { return false }
        return true
    }
}
