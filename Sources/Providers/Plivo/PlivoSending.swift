package import Domain
package import Security

/// Sends through Plivo, one message in one request.
///
/// Plivo would take up to 1000 recipients of one text, joined by `<`, in one request; that is not
/// used. A request has one callback URL, and our id in its path is all that leads a report to its
/// message: Plivo has no other place for it. With a shared URL a report could not be told from
/// those of the other recipients before the answer is recorded, and not even then, since the order
/// of `message_uuid[]` is not documented and duplicate recipients are dropped from it. A time-out
/// would leave a thousand messages unknown, and Plivo does not refuse what it is sent twice. Little
/// is lost by it: 300 requests are allowed in 5 seconds, and Plivo itself lets out 5 messages a
/// second unless an account has agreed on more.
/// Source: Plivo's documentation, messaging/api/message.
package struct PlivoSending: SendingProvider {
    /// What Plivo keeps of a message in its own logs.
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

        /// - Parameters:
        ///   - baseURL: `https://api.plivo.com` unless set.
        ///   - authID: of the account or subaccount.
        ///   - authToken: of the same.
        ///   - callbackBaseURL: nil unless set.
        ///   - powerpackUUID: nil unless set.
        ///   - defaultSender: nil unless set.
        ///   - logging: nil unless set.
        ///   - settleDelay: ten minutes unless set.
        package init(
            baseURL: String = "https://api.plivo.com", authID: String, authToken: Secret,
            callbackBaseURL: String? = nil, powerpackUUID: String? = nil,
            defaultSender: String? = nil, logging: Logging? = nil,
            settleDelay: Duration = .seconds(600)
        ) {
            self.baseURL = baseURL
            self.authID = authID
            self.authToken = authToken
            self.callbackBaseURL = callbackBaseURL
            self.powerpackUUID = powerpackUUID
            self.defaultSender = defaultSender
            self.logging = logging
            self.settleDelay = settleDelay
        }
    }

    /// Plivo.
    package let provider = Provider.plivo
    /// One; see the type's own comment.
    package let batchLimit = 1
    /// Long, because Plivo notices no repetition and does not say how soon it lists a message.
    package let settleDelay: Duration
    /// A tenth of the 300 requests in 5 seconds that an account has.
    package let lookUpsPerMinute = 360
    /// Records of messages are kept for 90 days.
    package let lookUpHorizon = Duration.seconds(90 * 86_400)

    private let settings: Settings
    /// `…/v1/Account/{auth_id}/Message/`; without the slash at the end Plivo does not know it.
    private let messagesURL: String

    /// - Parameter settings: the account, and how it is used.
    package init(_ settings: Settings) {
        self.settings = settings
        settleDelay = settings.settleDelay
        messagesURL =
            URLText.base(settings.baseURL) + "/v1/Account/" + URLText.escaped(settings.authID)
            + "/Message/"
    }

    /// `POST …/Message/`.
    package func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        guard let message = messages.first, messages.count == 1 else {
            preconditionFailure("1 to `batchLimit` messages")
        }
        return ProviderRequest(
            method: "POST", url: messagesURL,
            headers: headers + [("Content-Type", "application/json")], body: body(message).bytes)
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

    /// Exactly one of `src` and `powerpack_uuid` is given, the message's own sender before all.
    private func body(_ message: OutgoingMessage) -> JSONBody {
        JSONBody { body in
            let sender =
                message.sender ?? (settings.powerpackUUID == nil ? settings.defaultSender : nil)
            if let sender {
                body.member("src", PhoneNumberText.wire(sender: sender))
            } else {
                body.member("powerpack_uuid", settings.powerpackUUID)
            }
            body.member("dst", message.recipient.digits)
            body.member("text", message.text)
            body.member("type", "sms")
            if let base = settings.callbackBaseURL {
                body.member("url", URLText.base(base) + "/callbacks/plivo/\(message.id)")
                body.member("method", "POST")
            }
            body.member("message_expiry", Self.expirySeconds(of: message))
            body.member("log", settings.logging?.rawValue)
        }
    }

    /// Plivo lets a message wait for 5 seconds to a second under 3 hours.
    private static func expirySeconds(of message: OutgoingMessage) -> Int? {
        message.validityMinutes.map { min(max($0, 0), 180) * 60 }.map { min(max($0, 5), 10_799) }
    }
}
