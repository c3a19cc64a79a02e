/// A message on its way to a provider.
package struct OutgoingMessage: Sendable, Equatable {
    /// Ours, version 7; the provider gets it along, so that its reports find the message.
    package let id: MessageID
    /// The send request that brought it: all messages of a send request have everything but the
    /// recipient in common, and no recipient twice.
    package let sendRequest: SendRequestID
    package let recipient: PhoneNumber
    /// A number, a short code or up to eleven letters and digits; nil leaves it to the provider.
    package let sender: String?
    package let text: String
    /// How long the provider may try; nil leaves it to the provider.
    package let validityMinutes: Int?
    /// How long the provider may try from now on, in seconds: all of the validity, or what is left
    /// of it.
    package private(set) var validitySeconds: Int?
    /// What the provider echoes in its reports, where it can.
    package let callbackData: String?

    package init(
        id: MessageID, sendRequest: SendRequestID, recipient: PhoneNumber, sender: String?,
        text: String,
        validityMinutes: Int? = nil, callbackData: String? = nil
    ) {
        self.id = id
        self.sendRequest = sendRequest
        self.recipient = recipient
        self.sender = sender
        self.text = text
        self.validityMinutes = validityMinutes
        validitySeconds = validityMinutes.map { min(max($0, 0), Self.mostMinutes) * 60 }
        self.callbackData = callbackData
    }

    /// Far more than anybody takes.
    private static let mostMinutes = 1_000_000

    /// The same with only so much of its validity left.
    package func valid(forSeconds seconds: Int) -> OutgoingMessage {
        var message = self
        message.validitySeconds = validitySeconds.map { min($0, max(0, seconds)) }
        return message
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
    /// It has the message under this name of its own; nil if it did not say which of several
    /// names is this message's.
    case accepted(providerMessageID: String?)
    /// It will never take this message.
    case refused(ProviderProblem)
    /// It refused the whole request, surely sent nothing of it, and did not say that this message
    /// is to blame: it goes again with half of the others, so that a bad one ends up by itself.
    case refusedTogether(ProviderProblem)
    /// It did not take the message now, and surely did not send it: try again.
    case deferred(ProviderProblem, afterSeconds: Int?)
    /// Nobody knows whether it took the message: ask before trying again.
    case ambiguous(ProviderProblem)
    /// It says that it takes no message until somebody mends the account or the credentials.
    /// Whether that is true of all messages or only of this one, others tell.
    case stopped(ProviderProblem)
}

/// How messages are submitted to one provider and its answers are read. Pure: no I/O, no clock.
package protocol SendingProvider: Sendable {
    var provider: Provider { get }
    /// The most messages in one request.
    var batchLimit: Int { get }
    /// How long after an attempt a look-up may still miss what the provider took: only after that
    /// is a message that it does not know sent again.
    var settleDelay: Duration { get }
    /// The most look-ups in a minute.
    var lookUpsPerMinute: Int { get }
    /// About how many messages one look-up covers, at least one.
    var lookUpLimit: Int { get }
    /// The longest texts that it takes; nil for any that we accept.
    var segmentLimits: SegmentLimits? { get }
    /// The shortest validity that it takes, in seconds: a message with less left is not sent.
    var leastValiditySeconds: Int { get }
    /// How long after its sending the provider still knows a message: a look-up past that says
    /// nothing, whatever it says.
    var lookUpHorizon: Duration { get }

    /// How many of these messages, from the first on, fit one request: at least 1 of a list that is
    /// not empty, and no more than `batchLimit`.
    func batchCount(of messages: [OutgoingMessage]) -> Int

    /// The request that sends these messages: 1 to `batchLimit` of them, each id once.
    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest

    /// What became of each message, in their order.
    ///
    /// The response is nil if none came after the request was written.
    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult]

    /// The requests that ask what became of messages; each covers the messages beside it.
    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])]

    /// What the provider knows of the messages that one of the requests asked for.
    ///
    /// - Throws: `ProviderProblem` if the answer says nothing about any of them.
    func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult

    /// What of a look-up's answer may be archived: all but the texts of messages.
    func archivable(_ lookUpBody: [UInt8]) -> [UInt8]
}

extension SendingProvider {
    /// Nothing, unless the provider says how its texts are left out.
    package func archivable(_ lookUpBody: [UInt8]) -> [UInt8] { [] }

    package var lookUpLimit: Int { 1 }

    package var segmentLimits: SegmentLimits? { nil }

    package var leastValiditySeconds: Int { 1 }

    package func batchCount(of messages: [OutgoingMessage]) -> Int {
        min(messages.count, batchLimit)
    }
}

/// A message that a provider is asked about.
package struct MessageLookUp: Sendable, Equatable {
    package let id: MessageID
    /// Nil if the provider never told us.
    package let providerMessageID: String?
    package let recipient: PhoneNumber
    /// When the attempt in question was submitted to the provider.
    package let sentAt: Timestamp
    /// The provider's names of our other messages to this recipient, as far as we know them: where
    /// the provider can only be asked by recipient and time, none of those is this one.
    package let otherProviderMessageIDs: Set<String>

    package init(
        id: MessageID, providerMessageID: String?, recipient: PhoneNumber, sentAt: Timestamp,
        otherProviderMessageIDs: Set<String> = []
    ) {
        self.id = id
        self.providerMessageID = providerMessageID
        self.recipient = recipient
        self.sentAt = sentAt
        self.otherProviderMessageIDs = otherProviderMessageIDs
    }
}

/// What a provider said about messages that it was asked about.
///
/// A message in neither list is undecided: the provider said something that does not settle it. Ask
/// again; only what is in `unknown` may be sent again.
package struct LookUpResult: Sendable, Equatable {
    /// Each under our own id of its message, with the source `poll`.
    package let reports: [Report]
    /// The messages that the provider says it does not have.
    package let unknown: [MessageID]

    package init(reports: [Report], unknown: [MessageID]) {
        self.reports = reports
        self.unknown = unknown
    }
}
