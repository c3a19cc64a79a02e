/// What webhooks can be told of.
package enum WebhookEventType: String, Sendable, CaseIterable {
    /// A message has another status.
    case statusChanged = "message.status_changed"
    /// Somebody wrote to one of our numbers.
    case inboundReceived = "inbound.received"
    /// A number opted out, or in again.
    case optOutChanged = "opt_out.changed"
    /// A provider's reports stay away or are worse than usual, or that is over.
    case providerSilent = "provider.silent"
    /// A webhook was disabled because all that was sent to it failed.
    case webhookDisabled = "webhook.disabled"
    /// Somebody tries a webhook. Nobody subscribes to it.
    case test = "webhook.test"

    /// The number of the type in the database; never reused for another one.
    package var code: Int16 {
        switch self {
        case .statusChanged: 1
        case .inboundReceived: 2
        case .optOutChanged: 3
        case .providerSilent: 4
        case .webhookDisabled: 5
        case .test: 6
        }
    }

    package init?(code: Int16) {
        guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }

    /// Those that a webhook can ask for.
    package static let subscribable = allCases.filter { $0 != .test }
}

/// Something that happened, for all webhooks that want it. Changes of statuses need none: the database
/// enqueues them with the change itself.
package struct WebhookEvent: Sendable {
    package let type: WebhookEventType
    /// A JSON object: what each receiver is told. No texts of messages and no telephone numbers.
    package let data: String
    /// A JSON object with the members that hold telephone numbers, for webhooks that chose them.
    package let numbers: String
    /// For filters by provider; nil if the event is about none.
    package let provider: Provider?
    /// For filters by country, ISO 3166 alpha-2; nil if the event is about none.
    package let country: String?

    /// - Parameters:
    ///   - type: all but `statusChanged`.
    ///   - data: a JSON object, less than 16 kB.
    ///   - numbers: a JSON object.
    ///   - provider: whom it is about.
    ///   - country: which one it is about.
    package init(
        _ type: WebhookEventType, data: String, numbers: String = "{}", provider: Provider? = nil,
        country: String? = nil
    ) {
        self.type = type
        self.data = data
        self.numbers = numbers
        self.provider = provider
        self.country = country
    }
}
