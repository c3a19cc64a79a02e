/// A message to be sent to a provider.
package struct OutgoingMessage: Sendable, Equatable {
    /// Ours, version 7; the provider gets it, so that its reports find the message.
    package let id: MessageID
    /// The send request that it belongs to: all messages of a send request have everything but the
    /// recipient in common, and no recipient twice.
    package let sendRequest: SendRequestID
    package let recipient: PhoneNumber
    /// A number, a short code or up to eleven letters and digits; nil leaves it to the provider.
    package let sender: String?
    package let text: String
    /// How long the provider may try; nil leaves it to the provider.
    package let validityMinutes: Int?
    /// How long the provider may try from now on, in seconds: all of the validity, or the rest of
    /// it.
    package private(set) var validitySeconds: Int?
    /// The text that the provider returns in its reports, if it can.
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

    /// Far more than any provider accepts.
    private static let mostMinutes = 1_000_000

    /// The same with only so much of its validity left.
    package func valid(forSeconds seconds: Int) -> OutgoingMessage {
        var message = self
        message.validitySeconds = validitySeconds.map { min($0, max(0, seconds)) }
        return message
    }
}

/// An HTTP request to a provider, as data: the transport adds nothing.
package struct ProviderRequest: Sendable, Equatable {
    package let method: String
    package let url: String
    /// May hold secrets; never log them.
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
    /// `Retry-After` in seconds, if it was a number of them.
    package let retryAfterSeconds: Int?
    package let body: [UInt8]

    package init(status: Int, retryAfterSeconds: Int? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.body = body
    }
}

/// A provider's result for one message that was sent to it.
package enum SendResult: Sendable, Equatable {
    /// It has the message under this name of its own; nil if it did not say which of several names
    /// is this message's.
    case accepted(providerMessageID: String?)
    /// It will never accept this message.
    case refused(ProviderProblem)
    /// It refused the whole request, certainly sent nothing of it, and did not name this message as
    /// the cause: the message is tried again with half of the others, until the refused one is
    /// alone.
    case refusedTogether(ProviderProblem)
    /// It did not accept the message for now, and certainly did not send it: try again.
    case deferred(ProviderProblem, afterSeconds: Int?)
    /// It is unknown whether it accepted the message: query before trying again.
    case ambiguous(ProviderProblem)
    /// It says that it accepts no message until the account or the credentials are corrected.
    /// Whether that holds for all messages or only this one, other messages show.
    case stopped(ProviderProblem)
}

/// How messages are submitted to one provider and its answers are read. Pure: no I/O, no clock.
package protocol SendingProvider: Sendable {
    var provider: Provider { get }
    /// The most messages in one request.
    var batchLimit: Int { get }
    /// How long after an attempt a query may still miss an accepted message: only after that is a
    /// message that the provider does not know sent again.
    var settleDelay: Duration { get }
    /// The most look-ups in a minute.
    var lookUpsPerMinute: Int { get }
    /// About how many messages one look-up covers, at least one.
    var lookUpLimit: Int { get }
    /// The longest texts that it accepts; nil for all that we accept.
    var segmentLimits: SegmentLimits? { get }
    /// The shortest validity that it accepts, in seconds: a message with less left is not sent.
    var leastValiditySeconds: Int { get }
    /// How long after its sending the provider keeps a message's record: a later query means
    /// nothing, whatever the answer.
    var lookUpHorizon: Duration { get }

    /// How many of these messages, from the first on, fit one request: at least 1 of a list that is
    /// not empty, and no more than `batchLimit`.
    func batchCount(of messages: [OutgoingMessage]) -> Int

    /// The request that sends these messages: 1 to `batchLimit` of them, each id once.
    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest

    /// The result for each message, in their order.
    ///
    /// The response is nil if none came after the request was written.
    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult]

    /// The requests that query messages; each covers the messages beside it.
    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])]

    /// What the provider knows about the messages of one query.
    ///
    /// - Throws: `ProviderProblem` if the answer says nothing about any of them.
    func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult

    /// The part of a query's answer that may be archived: all but the texts of messages.
    func archivable(_ lookUpBody: [UInt8]) -> [UInt8]

    /// How often to ask for messages from people whose callbacks were lost; nil for never, as where
    /// asking consumes what it returns.
    var inboundInterval: Duration? { get }

    /// The request for a page of the messages from people of a time span; nil if there is none.
    func inboundRequest(in span: Range<Timestamp>, from offset: Int) -> ProviderRequest?

    /// Reads a page.
    ///
    /// - Throws: `ProviderProblem` if the answer is none.
    func inboundPage(
        of response: ProviderResponse, from offset: Int
    ) throws(ProviderProblem) -> InboundPage
}

extension SendingProvider {
    /// Nothing, unless the provider defines how its texts are left out.
    package func archivable(_ lookUpBody: [UInt8]) -> [UInt8] { [] }

    package var lookUpLimit: Int { 1 }

    package var inboundInterval: Duration? { nil }

    package func inboundRequest(in span: Range<Timestamp>, from offset: Int) -> ProviderRequest? {
        nil
    }

    package func inboundPage(
        of response: ProviderResponse, from offset: Int
    ) throws(ProviderProblem) -> InboundPage { InboundPage(messages: [], next: nil) }

    package var segmentLimits: SegmentLimits? { nil }

    package var leastValiditySeconds: Int { 1 }

    package func batchCount(of messages: [OutgoingMessage]) -> Int {
        min(messages.count, batchLimit)
    }
}

/// A message to query a provider about.
package struct MessageLookUp: Sendable, Equatable {
    package let id: MessageID
    /// Nil if the provider never gave it.
    package let providerMessageID: String?
    package let recipient: PhoneNumber
    /// When the attempt in question was submitted to the provider.
    package let sentAt: Timestamp
    /// The provider's known names of our other messages to this recipient: if the provider can only
    /// be asked by recipient and time, none of those is this one.
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

/// A provider's answer to a query about messages.
///
/// A message in neither list is undecided: the answer does not settle it. Ask again; only a message
/// in `unknown` may be sent again.
package struct LookUpResult: Sendable, Equatable {
    /// Each under our own id of its message, with the source `poll`.
    package let reports: [Report]
    /// The messages that the provider does not have, by its answer.
    package let unknown: [MessageID]

    package init(reports: [Report], unknown: [MessageID]) {
        self.reports = reports
        self.unknown = unknown
    }
}
