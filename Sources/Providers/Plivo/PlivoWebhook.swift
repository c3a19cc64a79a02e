package import Domain
import JSON
package import Security

/// Plivo's message status callbacks and inbound messages: one event a POST, as a form, signed with the
/// account's token. Inbound messages may also come by GET, with the form as the query.
///
/// Source: Plivo's documentation, messaging/concepts/message-status-callbacks, and
/// messaging/api/message, "Handle incoming messages".
package final class PlivoWebhook: WebhookProvider {
    /// How callbacks are authenticated.
    package struct Settings: Sendable {
        /// Scheme and authority, and a path if the proxy removes one, of each URL under which Plivo
        /// reaches us: `https://dlr.example.com`. The requested URI is appended.
        package var baseURLs: [String]
        /// Auth tokens of the accounts and subaccounts, in the order in which they are numbered.
        package var tokens: [Secret]
        /// Whether V2 is accepted if no V3 header came. It protects neither the query nor the body:
        /// with one callback that was seen, others can be made for the same path. A send request's
        /// URL, where the body says which message is meant, accepts only V3.
        package var allowsV2: Bool

        /// - Parameters:
        ///   - baseURLs: not empty.
        ///   - tokens: not empty.
        ///   - allowsV2: false unless set.
        package init(baseURLs: [String], tokens: [Secret], allowsV2: Bool = false) {
            self.baseURLs = baseURLs
            self.tokens = tokens
            self.allowsV2 = allowsV2
        }
    }

    /// Plivo.
    package let traits = ProviderTraits.plivo
    /// A callback takes about 500 bytes.
    package let bodyLimit = 64 * 1024

    private let authenticator: PlivoAuthenticator

    /// - Parameter settings: at least one base URL and one token; nil otherwise, since nothing
    ///   could then be authenticated.
    package init?(_ settings: Settings) {
        guard let authenticator = PlivoAuthenticator(settings) else { return nil }
        self.authenticator = authenticator
    }

    /// Of both versions, since the other one may be allowed at the time of a replay.
    package var authenticatingHeaders: [HeaderName] { authenticator.headers }

    /// By V3, or by V2 where that is allowed, no V3 header came, and the URL holds no send
    /// request's id.
    ///
    /// - Throws: `Refusal` with `missingSignature`, `wrongSignature` (also for more parameters than
    ///   are read), or `schemeNotAllowed`.
    package func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        try authenticator.authenticate(request)
    }

    /// A value that cannot be read is left out of the report, and costs it only if it names the
    /// message or says the status. A form without `Status` is an inbound message if it has
    /// the members of one, and else a reject.
    ///
    /// - Throws: `Malformation` for another media type, for more than 1000 parameters, for no
    ///   parameters at all, and for a status callback that names no message or no status.
    package func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback {
        guard let fields = Self.fields(of: callback) else {
            throw Malformation(
                .unsupportedMediaType, at: "Content-Type",
                "`application/x-www-form-urlencoded` was expected.")
        }
        guard let form = FormReader(fields) else {
            throw Malformation(
                .tooLong, at: "parameter \(FormReader.pairLimit + 1)",
                "A form may have \(FormReader.pairLimit) parameters.")
        }
        var parser = PlivoParser(form)
        if !form.pairs.isEmpty, let event = parser.otherEvent {
            if event == .inboundMessage, let message = PlivoInbound(form).message() {
                return ParsedCallback(reports: [], inbound: [message], rejects: [])
            }
            return ParsedCallback(reports: [], rejects: [Self.reject(event, at: "body", callback)])
        }
        if let missing = parser.missing {
            throw Malformation(
                .wrongShape, at: missing.rawValue,
                "A status callback with `MessageUUID` and `Status` was expected.")
        }
        guard
            let report = parser.report(
                message: callback.message, sendRequest: callback.sendRequest)
        else {
            let reject = parser.problem.map {
                Self.reject($0.reason, at: $0.field.rawValue, callback)
            }
            return ParsedCallback(reports: [], rejects: reject.map { [$0] } ?? [])
        }
        if parser.oddities.isEmpty { return ParsedCallback(reports: [report], rejects: []) }
        var notes = OddityNotes()
        callback.body.withUnsafeBytes { notes.add(parser.oddities, of: "", excerpt: $0) }
        return ParsedCallback(reports: [report], rejects: notes.rejects)
    }

    /// The body; of a callback by GET, which has none, the query. Nil for another media type.
    private static func fields(of callback: ReceivedCallback) -> [UInt8]? {
        if let type = callback.contentType {
            return MediaType.isForm(type) ? callback.body : nil
        }
        guard callback.body.isEmpty, let mark = callback.uri.utf8.firstIndex(of: UInt8(ascii: "?"))
        else { return nil }
        return Array(callback.uri.utf8[mark...].dropFirst())
    }

    private static func reject(
        _ reason: RejectReason, at place: String, _ callback: ReceivedCallback
    ) -> Reject {
        callback.body.withUnsafeBytes { reason.reject(at: place, excerpt: $0) }
    }
}
