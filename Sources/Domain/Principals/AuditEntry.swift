/// What somebody did, for whoever asks later. It is written in the transaction of the act itself, so
/// that there is no act without its entry and no entry without its act.
package struct AuditEntry: Sendable, Equatable {
    /// What was done, by the word that the database has for it.
    package enum Action: String, Sendable, CaseIterable {
        case createKey = "key.create"
        /// A key got a new secret.
        case rotateKey = "key.rotate"
        case revokeKey = "key.revoke"
        case cancelMessage = "message.cancel"
    }

    package let action: Action
    /// The id of what it was done to.
    package let object: String
    package let requester: Requester
    package let at: Timestamp
    /// What else is worth knowing; never a secret.
    package let detail: [String: String]

    package init(
        _ action: Action, of object: some CustomStringConvertible, by requester: Requester,
        at: Timestamp, detail: [String: String] = [:]
    ) {
        self.action = action
        self.object = object.description
        self.requester = requester
        self.at = at
        self.detail = detail
    }
}
