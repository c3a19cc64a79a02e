/// What a provider sent us, once it is known to come from the provider: all that its parser needs.
///
/// The archive keeps it as it is, so that it can be read again later: parsing what the archive has
/// gives the same reports as parsing what came.
package struct ReceivedCallback: Sendable, Equatable {
    package let id: CallbackID
    package let provider: Provider
    /// Path and query as called, but for a secret in them. No parser looks at it.
    package let uri: String
    /// As it came, with its parameters; nil if none came, and for a provider's answer to a status
    /// query, which is kept here too and which no parser of callbacks takes.
    package let contentType: String?
    /// The message's id in our path, where the callback URL holds one.
    package let message: MessageID?
    /// The send request's id in our path, where one URL serves all of its recipients: with the
    /// recipient in a signed body it names the message.
    package let sendRequest: SendRequestID?
    package let receivedAt: Timestamp
    /// Byte for byte.
    package let body: [UInt8]

    package init(
        id: CallbackID, provider: Provider, uri: String, contentType: String?,
        message: MessageID? = nil, sendRequest: SendRequestID? = nil, receivedAt: Timestamp,
        body: [UInt8]
    ) {
        self.id = id
        self.provider = provider
        self.uri = uri
        self.contentType = contentType
        self.message = message
        self.sendRequest = sendRequest
        self.receivedAt = receivedAt
        self.body = body
    }
}
