/// Where messages and their reports are read.
package protocol MessageReader: Sendable {
    /// A message by its key, nil if nobody ever sent it or reported on it.
    func message(_ id: MessageID) throws(StoreFailure) -> Message?

    /// A message by its name at the provider.
    func message(
        provider: Provider, providerMessageID: String
    ) throws(StoreFailure) -> Message?

    /// A message's reports, the deciding one first, at most `limit` of them.
    func reports(of id: MessageID, limit: Int) throws(StoreFailure) -> [RecordedReport]

    /// What we did about a message of ours, the earliest first, at most `limit` of them.
    func events(of id: MessageID, limit: Int) throws(StoreFailure) -> [SendEvent]
}

extension MessageReader {
    /// A message by its name at the provider as somebody wrote it: a UUID in capitals is the same.
    package func message(
        provider: Provider, named name: String
    ) throws(StoreFailure) -> Message? {
        if let message = try message(provider: provider, providerMessageID: name) { return message }
        guard let id = MessageID(anyCase: name), id.description != name else { return nil }
        return try message(provider: provider, providerMessageID: id.description)
    }
}

/// Why the store did not answer. Safe to show.
package struct StoreFailure: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The database is away or busy; trying again may help.
        case unavailable
        /// Something is wrong that trying again does not mend.
        case failed
    }

    package let code: Code
    package let description: String
    /// Whether it is sure that no server answers at all. False where one does and has no
    /// connection, no time or no resources left, where our own connections are all in use (that is
    /// a busy database), and where nobody found out. `APIKeyStore` does.
    package let isAway: Bool

    package init(_ code: Code, _ description: String, isAway: Bool = false) {
        self.code = code
        self.description = description
        self.isAway = isAway
    }
}
