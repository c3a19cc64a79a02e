/// An event for one webhook, about to be sent.
package struct WebhookDelivery: Sendable {
    package let number: Int64
    package let webhook: WebhookID
    package let event: WebhookEventID
    package let type: WebhookEventType
    package let occurredAt: Timestamp
    /// How often it was tried.
    package let attempts: Int
    /// The URL that the message itself names; nil for the webhook's own.
    package let url: String?
    package let content: Content

    package enum Content: Sendable {
        case status(StatusFacts)
        /// A JSON object.
        case other(String)
    }

    package init(
        number: Int64, webhook: WebhookID, event: WebhookEventID, type: WebhookEventType,
        occurredAt: Timestamp, attempts: Int, url: String?, content: Content
    ) {
        self.number = number
        self.webhook = webhook
        self.event = event
        self.type = type
        self.occurredAt = occurredAt
        self.attempts = attempts
        self.url = url
        self.content = content
    }

    /// A change of a message's status as it was, whatever the status is now.
    package struct StatusFacts: Sendable {
        package let change: StatusChange
        package let provider: Provider
        package var providerMessageID: String?
        package var sendRequest: SendRequestID?
        package var recipient: String?
        package var sender: String?
        package var country: String?
        /// The provider's words, if its report made the change.
        package var outcome: Outcome?
        /// Our own reason, if we made the change.
        package var problem: ProviderProblem?
        package var sentAt: Timestamp?
        package var doneAt: Timestamp?
        package var receivedAt: Timestamp?
        package var segments: Int?
        package var price: Report.Price?
        package var callbackData: String?
        /// A JSON object.
        package var metadata: String?

        package init(change: StatusChange, provider: Provider) {
            self.change = change
            self.provider = provider
        }
    }
}

/// A webhook as its deliverer needs it.
package struct WebhookTarget: Sendable {
    package let id: WebhookID
    package let origin: Webhook.Origin
    package let url: String
    package let rate: Int?
    package let concurrency: Int
    /// A JSON object of texts.
    package let headers: String
    package let hasNumbers: Bool
    package let failingSince: Timestamp?
    /// The current one first.
    package var secrets: [WebhookSecret]

    package init(
        id: WebhookID, origin: Webhook.Origin, url: String, rate: Int?, concurrency: Int,
        headers: String, hasNumbers: Bool, failingSince: Timestamp?, secrets: [WebhookSecret] = []
    ) {
        self.id = id
        self.origin = origin
        self.url = url
        self.rate = rate
        self.concurrency = concurrency
        self.headers = headers
        self.hasNumbers = hasNumbers
        self.failingSince = failingSince
        self.secrets = secrets
    }
}

/// What one attempt came to.
package struct WebhookResult: Sendable {
    package let number: Int64
    /// Counted from 1.
    package let attempt: Int
    package let at: Timestamp
    package let took: Duration
    /// The answer's HTTP status; nil if there was none.
    package let status: Int?
    /// Why it failed; nil if it did not.
    package let problem: String?
    /// The beginning of the answer's body.
    package let answer: String?
    package let next: Next

    package enum Next: Sendable, Equatable {
        case delivered
        case retry(at: Timestamp)
        case givenUp
    }

    package init(
        number: Int64, attempt: Int, at: Timestamp, took: Duration, status: Int?,
        problem: String?, answer: String?, next: Next
    ) {
        self.number = number
        self.attempt = attempt
        self.at = at
        self.took = took
        self.status = status
        self.problem = problem
        self.answer = answer
        self.next = next
    }
}

/// The deliverers' side of the queue. Any thread; blocks for a few round trips.
package protocol WebhookQueue: Sendable {
    /// Registers a deliverer; its number is held as long as its connection lives, so that others see
    /// at once when it has ended.
    ///
    /// - Returns: the number, and a check that it still holds.
    func register() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool)

    /// Takes this deliverer's share of the active webhooks that nobody living has.
    ///
    /// - Returns: all that it has, and how many its share is.
    func take(
        as number: Int32
    ) throws(StoreFailure) -> (targets: [WebhookTarget], share: Int)

    /// Gives webhooks back; nil gives back all.
    func release(_ webhooks: [WebhookID]?, by number: Int32) throws(StoreFailure)

    /// The deliveries that are due, for each webhook at most as many as wanted, the earliest first.
    func due(
        _ wanted: [(webhook: WebhookID, count: Int)]
    ) throws(StoreFailure) -> [(webhook: WebhookID, number: Int64)]

    /// Those that still wait, with all that their bodies take.
    func deliveries(_ numbers: [Int64]) throws(StoreFailure) -> [WebhookDelivery]

    /// Writes what attempts came to, and how the webhooks are. What was delivered stays delivered.
    func record(
        _ results: [WebhookResult], health: [WebhookID: Webhook.Health]
    ) throws(StoreFailure)

    /// Disables an active webhook: with its audit entry and an event for the others. What waits for
    /// it stays.
    ///
    /// - Returns: false if it was not active any more.
    func disable(_ webhook: WebhookID, reason: String) throws(StoreFailure) -> Bool
}

/// Finds the addresses of names. Any thread.
package protocol NameResolver: Sendable {
    /// All of a host's addresses, in the order in which to try them; the completion comes on any
    /// thread, soon or after a time-out.
    func resolve(
        _ host: String, _ completion: @escaping @Sendable (Result<[String], ResolveFailure>) -> Void
    )
}

/// Why a name has no address.
package struct ResolveFailure: Error, Sendable, Equatable {
    /// For people.
    package let text: String

    package init(_ text: String) { self.text = text }
}
