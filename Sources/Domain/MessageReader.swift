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

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
