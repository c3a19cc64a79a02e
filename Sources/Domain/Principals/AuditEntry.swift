/// The record of an act. It is written in the transaction of the act, so that neither is ever
/// without the other.
package struct AuditEntry: Sendable, Equatable {
    /// The act, by its name in the database.
    package enum Action: String, Sendable, CaseIterable {
        case createKey = "key.create"
        /// A key got a new secret.
        case rotateKey = "key.rotate"
        case revokeKey = "key.revoke"
        case cancelMessage = "message.cancel"
    }

    package let action: Action
    /// The id of the object of the act.
    package let object: String
    package let requester: Requester
    package let at: Timestamp
    /// Further details; never a secret.
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
