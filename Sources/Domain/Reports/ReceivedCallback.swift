/// An authenticated callback: everything that its parser needs.
///
/// The archive stores all of it, so that it can be read again later: parsing the archived callback
/// gives the same reports as parsing the live one.
package struct ReceivedCallback: Sendable, Equatable {
    package let id: CallbackID
    package let provider: Provider
    /// Path and query as requested, without any secret in them. No parser reads it.
    package let uri: String
    /// As it came, with its parameters; nil if none came, and for a provider's answer to a status
    /// query, which is archived too but not parsed as a callback.
    package let contentType: String?
    /// The message's id in our path, if the callback URL holds one.
    package let message: MessageID?
    /// The send request's id in our path, if one URL serves all of its recipients: together with
    /// the recipient in the signed body it names the message.
    package let sendRequest: SendRequestID?
    package let receivedAt: Timestamp
    /// The body as it came, byte for byte.
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
