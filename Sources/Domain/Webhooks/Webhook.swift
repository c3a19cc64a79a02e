/// Only tells the kind of an identifier.
package enum WebhookKind {}
package typealias WebhookID = Identifier<WebhookKind>
/// The same for all webhooks that an event goes to, and at every attempt: the header `webhook-id`.
package typealias WebhookEventID = Identifier<WebhookEvent>

/// An endpoint of another system, and what it is told.
package struct Webhook: Sendable, Equatable {
    package let id: WebhookID
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let state: State
    package let origin: Origin
    package let draft: WebhookDraft
    package let disabledAt: Timestamp?
    /// Why it was disabled.
    package let disabledReason: String?
    package let health: Health

    package enum State: Int16, Sendable, CaseIterable {
        case active = 1
        /// Somebody stopped it; what happens waits.
        case paused = 2
        /// All that was sent to it failed; what happens waits.
        case disabled = 3
        case deleted = 4

        package var name: String {
            switch self {
            case .active: "active"
            case .paused: "paused"
            case .disabled: "disabled"
            case .deleted: "deleted"
            }
        }
    }

    package enum Origin: Int16, Sendable {
        case made = 1
        /// For messages that name a URL at this host themselves.
        case ofMessages = 2
    }

    /// How deliveries to it go.
    package struct Health: Sendable, Equatable {
        package let failingSince: Timestamp?
        package let succeededAt: Timestamp?
        package let failedAt: Timestamp?
        /// Why the last failure was one.
        package let failure: String?

        package init(
            failingSince: Timestamp? = nil, succeededAt: Timestamp? = nil,
            failedAt: Timestamp? = nil, failure: String? = nil
        ) {
            self.failingSince = failingSince
            self.succeededAt = succeededAt
            self.failedAt = failedAt
            self.failure = failure
        }
    }

    package init(
        id: WebhookID, createdAt: Timestamp, updatedAt: Timestamp, state: State, origin: Origin,
        draft: WebhookDraft, disabledAt: Timestamp?, disabledReason: String?, health: Health
    ) {
        self.id = id
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.state = state
        self.origin = origin
        self.draft = draft
        self.disabledAt = disabledAt
        self.disabledReason = disabledReason
        self.health = health
    }
}

/// What somebody decides about a webhook.
package struct WebhookDraft: Sendable, Equatable {
    package var url: String
    package var description = ""
    package var events: [WebhookEventType]
    package var filter = WebhookFilter()
    /// Attempts a second; nil for no limit.
    package var rate: Int?
    /// Requests at the same time.
    package var concurrency = usualConcurrency
    /// Headers of the receiver's own, by name.
    package var headers: [String: String] = [:]
    /// Whether it is told telephone numbers.
    package var hasNumbers = false

    package static let usualConcurrency = 8
    package static let concurrencies = 1...64
    package static let rates = 1...10_000
    package static let headerLimit = 20
    package static let headerBytes = 1000
    package static let descriptionLimit = 300

    package init(url: String, events: [WebhookEventType]) {
        self.url = url
        self.events = events
    }
}

/// Which changes of statuses a webhook wants; nil wants all.
package struct WebhookFilter: Sendable, Equatable {
    package var statuses: [Status]?
    package var isFinalOnly = false
    package var providers: [Provider]?
    package var countries: [String]?
    /// The ids of who submitted the message.
    package var submitters: [Identifier<Principal>]?
    package var sendRequests: [SendRequestID]?
    /// A JSON object: members that the metadata must have.
    package var metadata: String?

    package static let listLimit = 50

    package init() {}

    /// The statuses that pass, with `isFinalOnly` taken into account; nil for all.
    package var passing: [Status]? {
        guard isFinalOnly else { return statuses }
        return (statuses ?? Status.allCases).filter(\.isFinal)
    }

    /// Whether no status passes: statuses are named, and none of them is one of the final ones asked for.
    package var passesNothing: Bool { statuses?.isEmpty == false && passing?.isEmpty == true }
}

/// A key that attempts are signed with.
package struct WebhookSecret: Sendable, Equatable, CustomStringConvertible {
    package let kind: Kind
    /// 32 of them.
    package let bytes: [UInt8]

    package enum Kind: Int16, Sendable {
        /// HMAC-SHA256, `v1`.
        case shared = 1
        /// Ed25519, `v1a`: the receiver holds no secret.
        case keyPair = 2
    }

    package init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    /// Never the secret.
    package var description: String { "<redacted>" }
}
