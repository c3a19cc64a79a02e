/// A message on its way to a provider.
package struct OutgoingMessage: Sendable, Equatable {
    /// Ours, version 7; the provider gets it along, so that its reports find the message.
    package let id: MessageID
    package let recipient: PhoneNumber
    /// A number, a short code or up to eleven letters and digits; nil leaves it to the provider.
    package let sender: String?
    package let text: String
    /// How long the provider may try; nil leaves it to the provider.
    package let validityMinutes: Int?
    /// What the provider echoes in its reports, where it can.
    package let callbackData: String?

    package init(
        id: MessageID, recipient: PhoneNumber, sender: String?, text: String,
        validityMinutes: Int? = nil, callbackData: String? = nil
    ) {
        self.id = id
        self.recipient = recipient
        self.sender = sender
        self.text = text
        self.validityMinutes = validityMinutes
        self.callbackData = callbackData
    }
}

/// An HTTP request to a provider, as data: whoever sends it adds nothing.
package struct ProviderRequest: Sendable, Equatable {
    package let method: String
    package let url: String
    /// Secrets among them; never log them.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.method == b.method && a.url == b.url && a.body == b.body
            && a.headers.elementsEqual(b.headers, by: ==)
    }
}

/// A provider's HTTP answer.
package struct ProviderResponse: Sendable, Equatable {
    package let status: Int
    /// `Retry-After` in seconds, where it came as a number of them.
    package let retryAfterSeconds: Int?
    package let body: [UInt8]

    package init(status: Int, retryAfterSeconds: Int? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.body = body
    }
}

/// What a provider made of one message that was sent to it.
package enum SendResult: Sendable, Equatable {
    /// It has the message under this name of its own.
    case accepted(providerMessageID: String)
    /// It will never take this message.
    case refused(ProviderProblem)
    /// It did not take the message now, and surely did not send it: try again.
    case deferred(ProviderProblem, afterSeconds: Int?)
    /// Nobody knows whether it took the message: ask before trying again.
    case ambiguous(ProviderProblem)
    /// It will take no message until somebody mends the account or the credentials.
    case stopped(ProviderProblem)
}

/// A provider's own words for why it did not take a message. Safe to show.
package struct ProviderProblem: Error, Sendable, Equatable {
    /// The provider's code, or the HTTP status where there is none.
    package let code: String
    package let text: String

    package init(code: String, text: String) {
        self.code = code
        // A provider's page may be long; the beginning tells.
        self.text = String(text.prefix(500))
    }
}

/// How messages are put to one provider and its answers are read. Pure: no I/O, no clock.
package protocol SendingProvider: Sendable {
    var provider: Provider { get }
    /// The most messages in one request.
    var batchLimit: Int { get }

    /// The request that sends these messages: 1 to `batchLimit` of them.
    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest

    /// What became of each message, in their order.
    ///
    /// The response is nil if none came after the request was written.
    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult]

    /// The requests that ask what became of messages; each covers the ids beside it.
    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])]

    /// What the provider knows of the messages that one of the requests asked for.
    ///
    /// A message that is in no report is one that the provider does not know.
    /// - Throws: `ProviderProblem` if the answer says nothing about any of them.
    func lookUpReports(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> [Report]
}

/// A message that a provider is asked about.
package struct MessageLookUp: Sendable, Equatable {
    package let id: MessageID
    /// Nil if the provider never told us.
    package let providerMessageID: String?
    package let recipient: PhoneNumber
    /// When it was first put to the provider.
    package let sentAt: Timestamp

    package init(
        id: MessageID, providerMessageID: String?, recipient: PhoneNumber, sentAt: Timestamp
    ) {
        self.id = id
        self.providerMessageID = providerMessageID
        self.recipient = recipient
        self.sentAt = sentAt
    }
}
