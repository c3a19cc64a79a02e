/// One statement that somebody is out or in. Entries are added and never changed: which holds follows
/// from all of them (see `OptOutStanding`).
package struct OptOutEntry: Sendable, Equatable {
    /// Follows from what caused it, so that the same cause makes one entry; version 7 for an
    /// operator's.
    package let id: OptOutID
    /// Whose number.
    package let recipient: String
    /// For messages from this sender only; nil for all.
    package let sender: String?
    package let isOut: Bool
    package let source: Source
    /// Who told us; nil for an operator.
    package let provider: Provider?
    /// When they said so, by the provider's clock as far as it gives a time; decides which entry
    /// holds.
    package let at: Timestamp
    /// When we heard of it.
    package let recordedAt: Timestamp
    /// What caused it.
    package let cause: Cause
    /// The word that was written, the provider's error, or an operator's note.
    package let detail: String?
    /// The operator.
    package let principal: Submitter?

    package init(
        id: OptOutID, recipient: String, sender: String?, isOut: Bool, source: Source,
        provider: Provider?, at: Timestamp, recordedAt: Timestamp, cause: Cause = .none,
        detail: String? = nil, principal: Submitter? = nil
    ) {
        self.id = id
        self.recipient = recipient
        self.sender = sender
        self.isOut = isOut
        self.source = source
        self.provider = provider
        // A clock that runs ahead must not outlast what is said later.
        self.at = min(at, recordedAt)
        self.recordedAt = recordedAt
        self.cause = cause
        self.detail = detail
        self.principal = principal
    }

    /// Who says so.
    package enum Source: Int16, Sendable, CaseIterable {
        /// The person, by a word of our lists.
        case word = 1
        /// The person, as the provider read their message.
        case intent = 2
        /// The provider, by an event of its own list.
        case event = 3
        /// The provider, by the error of a message.
        case report = 4
        case `operator` = 5

        /// Its name in the API.
        package var name: String {
            switch self {
            case .word: "word"
            case .intent: "intent"
            case .event: "provider_event"
            case .report: "status_report"
            case .operator: "operator"
            }
        }
    }

    /// Where the entry's cause can be looked at.
    package enum Cause: Sendable, Equatable {
        case none
        case inbound(InboundID, callback: CallbackID)
        case message(MessageID, callback: CallbackID)
        case callback(CallbackID)

        package var inbound: InboundID? {
            if case .inbound(let id, _) = self { id } else { nil }
        }

        package var message: MessageID? {
            if case .message(let id, _) = self { id } else { nil }
        }

        /// The callback that told of it.
        package var callback: CallbackID? {
            switch self {
            case .none: nil
            case .inbound(_, let id), .message(_, let id), .callback(let id): id
            }
        }
    }
}
