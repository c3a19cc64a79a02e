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
