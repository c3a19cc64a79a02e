/// How one provider's callbacks are authenticated and read. Pure: no I/O, no clock.
package protocol WebhookProvider: Sendable {
    /// Whose callbacks they are, and how those come.
    var traits: ProviderTraits { get }
    /// The largest body that is read, in bytes.
    var bodyLimit: Int { get }

    /// The headers that `authenticate` reads: what a replay of a callback needs of them.
    var authenticatingHeaders: [HeaderName] { get }

    /// Checks that the provider made the request. Takes the same time for every wrong secret.
    ///
    /// - Throws: `Refusal`, with nothing of the request in it.
    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification

    /// Reads an authenticated callback; the result is the same for a live and an archived one.
    ///
    /// - Throws: `Malformation` if no part of it can be read; then no part of it may be stored.
    func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback

    /// Path and query as they may be stored: without any secret.
    func archived(uri: String) -> String
}

extension WebhookProvider {
    /// Whose callbacks they are.
    package var provider: Provider { traits.provider }

    /// All of it: most providers authenticate by headers.
    package func archived(uri: String) -> String { uri }
}

/// The configured secret that authenticated a callback.
package struct Verification: Hashable, Sendable, CustomStringConvertible {
    /// `basic`, `header`, `url token`, `hmac`, `v3`, `v2`.
    package let method: String
    /// Which of the method's secrets, in the order of the setting, from 1.
    package let secret: Int

    package init(method: String, secret: Int) {
        self.method = method
        self.secret = secret
    }

    package var description: String { "\(method) \(secret)" }
}

/// Why a callback is not authenticated.
package struct Refusal: Error, Hashable, Sendable {
    /// The closed list; the raw value is the metric's label and the problem's `code`.
    package enum Reason: String, Sendable, CaseIterable {
        case missingCredentials = "missing_credentials"
        case wrongCredentials = "wrong_credentials"
        case missingSignature = "missing_signature"
        case wrongSignature = "wrong_signature"
        /// The signature's scheme is known but not allowed (Plivo V2 unless set).
        case schemeNotAllowed = "signature_scheme_not_allowed"
    }

    package let reason: Reason

    package init(_ reason: Reason) {
        self.reason = reason
    }
}

/// Why a whole callback cannot be read. Safe to show: holds places and bounds, no content.
package struct Malformation: Error, Hashable, Sendable {
    /// The closed list; the raw value is the metric's label and the problem's `code`.
    package enum Code: String, Sendable, CaseIterable {
        case unsupportedMediaType = "unsupported_media_type"
        case notJSON = "not_json"
        case wrongShape = "wrong_shape"
        case tooManyResults = "too_many_results"
        case tooLong = "too_long"
    }

    package let code: Code
    /// Where: `byte 17`, `results[3].status`, `Content-Type`.
    package let place: String
    /// What is wrong there and what was expected, one sentence.
    package let detail: String

    package init(_ code: Code, at place: String, _ detail: String) {
        self.code = code
        self.place = place
        self.detail = detail
    }
}

/// What a callback holds, sorted by what it is: reports, messages to us, opt-outs, rejects for
/// quarantine, and events that only the archive keeps.
package struct ParsedCallback: Sendable, Equatable {
    package let reports: [Report]
    /// Messages that somebody sent to us.
    package let inbound: [InboundMessage]
    /// Other words that somebody is out or in.
    package let optOuts: [OptOutNotice]
    /// Also notes about problems that cost no report; see `Reject.cost`.
    package let rejects: [Reject]
    /// How many events there are of a known kind of which nothing is stored: clicks, for example.
    package let events: Int

    package init(
        reports: [Report], inbound: [InboundMessage] = [], optOuts: [OptOutNotice] = [],
        rejects: [Reject], events: Int = 0
    ) {
        self.reports = reports
        self.inbound = inbound
        self.optOuts = optOuts
        self.rejects = rejects
        self.events = events
    }
}

/// A part of an authenticated callback that goes to quarantine, with the reason.
package struct Reject: Sendable, Equatable {
    /// What is not stored because of it.
    package enum Cost: Sendable {
        /// A report, because the message's name or the status is unreadable.
        case report
        /// A field of a report that is stored without it.
        case field
        /// Nothing that is known: it is about something else than a delivery.
        case nothing
    }

    /// A stable word: `bad_time`, `missing_field`, `duplicate_key`, `not_a_report`, …
    package let reason: String
    /// Where in the body: `results[3].doneAt`; of several fields all, with commas between them.
    package let place: String
    /// One sentence for people; no content of the body.
    package let detail: String
    /// The part as it came, byte for byte, cut at 64 KiB.
    package let excerpt: [UInt8]
    package let cost: Cost

    package init(
        reason: String, place: String, detail: String, excerpt: [UInt8], cost: Cost = .report
    ) {
        self.reason = reason
        self.place = place
        self.detail = detail
        self.excerpt = Array(excerpt.prefix(65_536))
        self.cost = cost
    }
}
