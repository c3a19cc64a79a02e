package import Domain
import JSON
package import Security

/// Sends through Plivo, the messages of one send request in one request.
///
/// Plivo accepts up to 1000 recipients of one text, joined by `<`. A request has one callback URL,
/// and that is the only place for an id of ours. So with one URL for several messages, the reports
/// must show which message is meant. They do: the URL holds the send request's id, each callback
/// names its recipient as `To`, no send request has a recipient twice, and a message's id follows
/// from the two (`MessageKey`). Signature V3 covers the URL and `To`; V2 does not cover `To`, so V2
/// is refused at a send request's URL. This relies on Plivo returning the digits that it was given.
///
/// The price: the order of `message_uuid[]` is not documented, so only the first callback gives a
/// message's UUID; and an answer that does not come leaves all messages of the request unknown,
/// while Plivo does not refuse repetitions. Until a UUID is known, Plivo is asked by recipient and
/// time, which cannot distinguish two messages to one number within minutes. A message sent alone
/// has its own id in the URL and needs none of this; a limit of 1 sends all of them alone.
/// Source: Plivo's documentation, messaging/api/message.
package struct PlivoSending: SendingProvider {
    /// What Plivo stores of a message in its own logs.
    package enum Logging: String, Sendable, CaseIterable {
        case all = "true"
        case none = "false"
        case contentOnly = "content_only"
        case numberOnly = "number_only"
    }

    /// The account, and how it is used.
    package struct Settings: Sendable {
        /// `https://api.plivo.com` unless set.
        package var baseURL: String
        /// 20 characters, `MA…` or `SA…`.
        package var authID: String
        package var authToken: Secret
        /// Scheme and authority under which Plivo calls us; nil asks for no callbacks.
        package var callbackBaseURL: String?
        /// The pool of senders of messages that name none.
        package var powerpackUUID: String?
        /// The sender of messages that name none where there is no pool: Plivo demands one.
        package var defaultSender: String?
        /// Nil leaves it to Plivo, which keeps all.
        package var logging: Logging?
        /// How long to wait before a message that Plivo does not list counts as not taken.
        package var settleDelay: Duration
        /// The most messages in one request; 1 sends each alone.
        package var batchLimit: Int
        /// How often lost messages from people are asked for; nil for never.
        package var inboundInterval: Duration?

        /// - Parameters:
        ///   - baseURL: `https://api.plivo.com` unless set.
        ///   - authID: of the account or subaccount.
        ///   - authToken: of the same.
        ///   - callbackBaseURL: nil unless set.
        ///   - powerpackUUID: nil unless set.
        ///   - defaultSender: nil unless set.
        ///   - logging: nil unless set.
        ///   - settleDelay: ten minutes unless set.
        ///   - batchLimit: 1 to 1000; what is outside counts as the nearer end.
        ///   - inboundInterval: nil unless set.
        package init(
            baseURL: String = "https://api.plivo.com", authID: String, authToken: Secret,
            callbackBaseURL: String? = nil, powerpackUUID: String? = nil,
            defaultSender: String? = nil, logging: Logging? = nil,
            settleDelay: Duration = .seconds(600), batchLimit: Int = 100,
            inboundInterval: Duration? = nil
        ) {
            self.baseURL = baseURL
            self.authID = authID
            self.authToken = authToken
            self.callbackBaseURL = callbackBaseURL
            self.powerpackUUID = powerpackUUID
            self.defaultSender = defaultSender
            self.logging = logging
            self.settleDelay = settleDelay
            self.batchLimit = batchLimit
            self.inboundInterval = inboundInterval
        }
    }

    /// Plivo.
    package let provider = Provider.plivo
    /// Plivo takes 1000 recipients at most.
    package let batchLimit: Int
    /// Long, because Plivo does not notice repetitions and does not document how soon it lists a
    /// message.
    package let settleDelay: Duration
    /// A tenth of the 300 requests in 5 seconds that an account has.
    package let lookUpsPerMinute = 360
    package var lookUpHorizon: Duration { ProviderTraits.plivo.lookUpHorizon }
    package var inboundInterval: Duration? { settings.inboundInterval }

    private let settings: Settings
    /// `…/v1/Account/{auth_id}/Message/`; Plivo requires the slash at the end.
    private let messagesURL: String

    /// - Parameter settings: the account, and how it is used.
    package init(_ settings: Settings) {
        self.settings = settings
        settleDelay = settings.settleDelay
        batchLimit = min(max(settings.batchLimit, 1), 1000)
        messagesURL =
            URLText.base(settings.baseURL) + "/v1/Account/"
            + PercentEncoding.encode(settings.authID)
            + "/Message/"
    }

    /// The messages of the first one's send request, up to a recipient that comes again: Plivo
    /// drops duplicates.
    ///
    /// A message whose id does not follow from send request and recipient is sent alone, because a
    /// callback to a send request's URL would not find it.
    package func batchCount(of messages: [OutgoingMessage]) -> Int {
        guard let first = messages.first, Self.isNamedBySendRequest(first) else {
            return min(messages.count, 1)
        }
        var recipients: Set<PhoneNumber> = []
        return messages.prefix(batchLimit).prefix { message in
            message.sendRequest == first.sendRequest
                && recipients.insert(message.recipient).inserted
                && Self.isNamedBySendRequest(message)
        }.count
    }

    private static func isNamedBySendRequest(_ message: OutgoingMessage) -> Bool {
        message.id
            == MessageKey.derive(sendRequest: message.sendRequest, recipient: message.recipient)
    }

    /// `POST …/Message/`. Several messages must be as many as `batchCount(of:)` says: text, sender
    /// and validity are the first one's.
    package func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        guard let first = messages.first, messages.count <= batchLimit else {
            preconditionFailure("1 to `batchLimit` messages")
        }
        precondition(
            messages.allSatisfy { $0.sendRequest == first.sendRequest },
            "messages of one send request")
        let recipients = messages.map(\.recipient.digits).joined(separator: "<")
        let path = messages.count == 1 ? first.id.description : "send-requests/\(first.sendRequest)"
        return ProviderRequest(
            method: "POST", url: messagesURL,
            headers: headers + [("Content-Type", "application/json")],
            body: body(first, to: recipients, callbackPath: path))
    }

    func get(_ path: String = "", query: String? = nil) -> ProviderRequest {
        ProviderRequest(
            method: "GET", url: messagesURL + path + (query.map { "?" + $0 } ?? ""),
            headers: headers)
    }

    private var headers: [(name: String, value: String)] {
        let credentials = settings.authToken.withBytes { Array((settings.authID + ":").utf8) + $0 }
        return [
            ("Authorization", "Basic " + Base64.encode(credentials)),
            ("Accept", "application/json"),
        ]
    }

    /// Exactly one of `src` and `powerpack_uuid` is given; the message's own sender comes first.
    private func body(
        _ message: OutgoingMessage, to recipients: String, callbackPath: String
    ) -> [UInt8] {
        JSONWriter.document(.withoutNUL) { body in
            let sender =
                message.sender ?? (settings.powerpackUUID == nil ? settings.defaultSender : nil)
            if let sender {
                body.member("src", PhoneNumberText.wire(sender: sender))
            } else {
                body.member("powerpack_uuid", ifAny: settings.powerpackUUID)
            }
            body.member("dst", recipients)
            body.member("text", message.text)
            body.member("type", "sms")
            if let base = settings.callbackBaseURL {
                body.member("url", URLText.base(base) + provider.callbackPath + "/" + callbackPath)
                body.member("method", "POST")
            }
            body.member("message_expiry", ifAny: Self.expirySeconds(of: message))
            body.member("log", ifAny: settings.logging?.rawValue)
        }
    }

    /// Plivo accepts from 5 seconds to a second under 3 hours.
    private static let expiry = 5...10_799

    private static func expirySeconds(of message: OutgoingMessage) -> Int? {
        message.validitySeconds.map { min(max($0, expiry.lowerBound), expiry.upperBound) }
    }

    /// Plivo's own bound.
    package var leastValiditySeconds: Int { Self.expiry.lowerBound }
}
