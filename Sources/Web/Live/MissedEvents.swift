import Domain

/// The changes that streams have missed which come back, by what they watch: after a restart
/// thousands ask at once, and none of them looks at what concerns the others.
struct MissedEvents {
    private let missed: MissedChanges
    private let byMessage: [MessageID: [StatusChange]]
    /// The messages from people that came.
    let inbound: [InboundID]
    private var byFilter: [LiveFilter: [StatusChange]] = [:]

    init(_ missed: MissedChanges) {
        self.missed = missed
        byMessage = Dictionary(
            grouping: missed.changes.filter { $0.cause != .inbound }, by: \.message)
        inbound = missed.changes.filter { $0.cause == .inbound }.map { InboundID(of: $0) }
    }

    /// The messages that have changed.
    var messages: Dictionary<MessageID, [StatusChange]>.Keys { byMessage.keys }

    /// Whether a place is one that was given, and everything after it is here.
    func isKnown(_ place: ChangeSequence) -> Bool {
        place >= missed.beginning && place <= missed.end
    }

    /// What a stream has missed, in order.
    ///
    /// - Parameters:
    ///   - target: what it watches.
    ///   - ids: of the messages that it watches; none for a filter.
    ///   - last: the last change that it has got.
    ///   - messages: with which filters are compared.
    ///   - inbound: likewise.
    /// - Returns: the changes of messages that are there and meet the filter.
    mutating func changes(
        of target: LiveTarget, _ ids: [MessageID], after last: ChangeSequence,
        _ messages: [MessageID: Message], _ inbound: [InboundID: StoredInbound]
    ) -> [StatusChange] {
        let changes: [StatusChange]
        switch target {
        case .message, .sendRequest(_, LiveFilter()):
            changes = ids.filter { messages[$0] != nil }.flatMap { byMessage[$0] ?? [] }
        case .sendRequest(_, let filter):
            changes = ids.filter { messages[$0].map { filter.admits($0) } ?? false }
                .flatMap { byMessage[$0] ?? [] }
        case .filter(let filter):
            let all =
                byFilter[filter]
                ?? missed.changes.filter { change in
                    change.cause == .inbound
                        ? inbound[InboundID(of: change)].map { filter.admits($0) } ?? false
                        : messages[change.message].map { filter.admits($0) } ?? false
                }
            byFilter[filter] = all
            // Those who come back after a restart have nearly all got to the same place.
            return Array(all.drop { $0.sequence <= last })
        }
        return changes.filter { $0.sequence > last }.sorted { $0.sequence < $1.sequence }
    }
}

extension InboundID {
    /// Of a change whose cause is a message from somebody.
    init(of change: StatusChange) {
        self.init(high: change.message.high, low: change.message.low)
    }
}
