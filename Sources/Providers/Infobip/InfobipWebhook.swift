package import Domain
import JSON
package import Security

/// Infobip's delivery reports, JSON of version 2 or 3 of the SMS API, up to 10,000 results; and the
/// inbound messages and events that may come to the same URL.
///
/// Source: Infobip's OpenAPI of SMS, "receive outbound SMS message report", and of Subscriptions,
/// notification profiles.
package final class InfobipWebhook: WebhookProvider {
    /// How callbacks are authenticated; a method without secrets is off.
    package struct Settings: Sendable {
        /// User and password of HTTP Basic; each pair is one secret.
        package var basic: [(user: String, password: Secret)]
        /// The header that holds one of `headerSecrets` as it stands.
        package var headerName: HeaderName
        package var headerSecrets: [Secret]
        /// What the URL that is called may hold as `token`; see `callbackURL(base:secret:)`.
        package var urlSecrets: [Secret]
        /// The header that holds the HMAC of the raw body, in hexadecimal or base64, with or
        /// without the algorithm's name and `=` in front.
        package var hmacHeaderName: HeaderName
        package var hmacKeys: [HMACKey]

        /// - Parameters:
        ///   - basic: secrets of HTTP Basic, in the order in which they are numbered.
        ///   - headerName: `X-Webhook-Secret` unless set.
        ///   - headerSecrets: secrets of the header.
        ///   - hmacHeaderName: `X-Hub-Signature` unless set.
        ///   - hmacKeys: secrets of the HMAC, each with its algorithm.
        ///   - urlSecrets: secrets of the URL, of the characters A-Z, a-z, 0-9, `-` and `_`.
        package init(
            basic: [(user: String, password: Secret)] = [],
            headerName: HeaderName = InfobipWebhook.defaultHeaderName,
            headerSecrets: [Secret] = [],
            hmacHeaderName: HeaderName = InfobipWebhook.defaultHMACHeaderName,
            hmacKeys: [HMACKey] = [], urlSecrets: [Secret] = []
        ) {
            self.basic = basic
            self.headerName = headerName
            self.headerSecrets = headerSecrets
            self.hmacHeaderName = hmacHeaderName
            self.hmacKeys = hmacKeys
            self.urlSecrets = urlSecrets
        }
    }

    /// Infobip.
    package let traits = ProviderTraits.infobip
    /// 2000 results, the most that a profile allows, of 5 kB each, and some reserve.
    package let bodyLimit = 12 * 1024 * 1024

    private let authenticator: InfobipAuthenticator
    private let limits: JSONReader.Limits
    private let outcomes = InfobipOutcomes()

    /// - Parameters:
    ///   - settings: at least one secret of at least one method; nil otherwise, since nothing could
    ///     then be authenticated.
    ///   - stringLimit: the longest string that is read, in bytes.
    package init?(_ settings: Settings, stringLimit: Int = 16_384) {
        guard let authenticator = InfobipAuthenticator(settings) else { return nil }
        self.authenticator = authenticator
        var limits = JSONReader.Limits()
        limits.string = stringLimit
        self.limits = limits
    }

    /// Also those of methods that are not enabled now: they may be at the time of a replay.
    package var authenticatingHeaders: [HeaderName] { authenticator.headers }

    /// By Basic, secret header, the URL's token or HMAC, whichever is enabled and came.
    ///
    /// - Throws: `Refusal` with `missingCredentials`, `wrongCredentials`, or `wrongSignature` if
    ///   only a signature came.
    package func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        try authenticator.authenticate(request)
    }

    /// The URI without its token, whether or not tokens are accepted.
    package func archived(uri: String) -> String { InfobipURLToken.redact(uri) }

    /// Reads all results, each by what it is; one that cannot be read becomes a reject and does not
    /// affect the others.
    ///
    /// - Throws: `Malformation` for another media type, for what is not a JSON object, and for more
    ///   than 10,000 results or two lists of them.
    package func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback {
        guard let type = callback.contentType, MediaType.isJSON(type) else {
            throw Malformation(
                .unsupportedMediaType, at: "Content-Type", "`application/json` was expected.")
        }
        return try callback.body.withUnsafeBufferPointer { body throws(Malformation) in
            try parse(UnsafeRawBufferPointer(body))
        }
    }

    private func parse(_ body: UnsafeRawBufferPointer) throws(Malformation) -> ParsedCallback {
        let known = outcomes.snapshot()
        var parser = InfobipParser(ByteView(body), limits: limits, known: known)
        try parser.parse()
        if let recent = parser.recent, recent !== known.recent || !parser.learned.isEmpty {
            outcomes.learn(parser.learned, recent: recent)
        }
        return ParsedCallback(
            reports: parser.reports, inbound: parser.inbound, optOuts: parser.optOuts,
            rejects: parser.rejects, events: parser.events)
    }
}

extension InfobipWebhook {
    /// `X-Webhook-Secret`, whose value is the secret itself.
    package static let defaultHeaderName = name("X-Webhook-Secret")
    /// `X-Hub-Signature`, which Infobip was seen to send for messaging.
    package static let defaultHMACHeaderName = name("X-Hub-Signature")

    /// The URL that is sent with a message for its reports.
    ///
    /// - Parameters:
    ///   - base: scheme and authority under which Infobip reaches us.
    ///   - secret: one of `urlSecrets`; nil gives a URL without authentication, because Infobip
    ///     sends no credentials to it.
    /// - Returns: `{base}/callbacks/infobip?token={secret}`; never to be logged.
    package static func callbackURL(base: String, secret: Secret?) -> String {
        let url = URLText.base(base) + Provider.infobip.callbackPath
        guard let secret else { return url }
        let token = secret.withBytes { String(decoding: $0, as: UTF8.self) }
        return url + "?" + PercentEncoding.encode([(InfobipURLToken.name, token)])
    }

    private static func name(_ text: StaticString) -> HeaderName {
        guard let name = HeaderName("\(text)") else { preconditionFailure("a header's name") }
        return name
    }
}
