/// Where messages and their reports are read.
package protocol MessageReader: Sendable {
    /// A message by its key, nil if it was never sent or reported on.
    func message(_ id: MessageID) throws(StoreFailure) -> Message?

    /// A message by its name at the provider.
    func message(
        provider: Provider, providerMessageID: String
    ) throws(StoreFailure) -> Message?

    /// A message's reports, the deciding one first, at most `limit` of them.
    func reports(of id: MessageID, limit: Int) throws(StoreFailure) -> [RecordedReport]

    /// Our events of a message that we sent, the earliest first, at most `limit` of them.
    func events(of id: MessageID, limit: Int) throws(StoreFailure) -> [SendEvent]

    /// An archived callback as it came; nil if there is none of this id, or no longer.
    func callback(_ id: CallbackID) throws(StoreFailure) -> ReceivedCallback?
}

extension MessageReader {
    /// A message by its name at the provider as a user wrote it: a UUID in capitals is the same.
    package func message(
        provider: Provider, named name: String
    ) throws(StoreFailure) -> Message? {
        if let message = try message(provider: provider, providerMessageID: name) { return message }
        guard let id = MessageID(anyCase: name), id.description != name else { return nil }
        return try message(provider: provider, providerMessageID: id.description)
    }
}
