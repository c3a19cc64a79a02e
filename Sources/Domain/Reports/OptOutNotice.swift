/// A provider's word that somebody is out or in, other than a message of theirs.
package struct OptOutNotice: Sendable, Equatable {
    /// Follows from all of it: a repetition has the same.
    package let id: OptOutID
    package let provider: Provider
    /// Whose number.
    package let recipient: String
    /// For this sender only; nil for all.
    package let sender: String?
    package let isOut: Bool
    /// When it happened, if the provider says so.
    package let at: Timestamp?
    /// How it came about, in the provider's words.
    package let detail: String?

    package init(
        id: OptOutID, provider: Provider, recipient: String, sender: String?, isOut: Bool,
        at: Timestamp?, detail: String?
    ) {
        self.id = id
        self.provider = provider
        self.recipient = recipient
        self.sender = sender
        self.isOut = isOut
        self.at = at
        self.detail = detail
    }
}
