/// The webhooks and their deliveries, for those who manage them. Any thread; blocks for a few round
/// trips. Each act is written with its audit entry.
package protocol WebhookRegister: Sendable {
    /// All of them, the latest first, each with how many deliveries wait.
    func list() throws(StoreFailure) -> [(webhook: Webhook, waiting: BoundedCount)]

    /// Nil if there is none, or it is deleted.
    func webhook(
        _ id: WebhookID
    ) throws(StoreFailure) -> (webhook: Webhook, waiting: BoundedCount)?

    /// - Returns: nil if there are too many.
    func create(
        _ draft: WebhookDraft, secret: WebhookSecret, by requester: Requester
    ) throws(StoreFailure) -> Webhook?

    /// Replaces what somebody decides about a webhook that is still as it was read.
    func change(
        _ webhook: Webhook, to draft: WebhookDraft, by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// What waits for it is not sent any more.
    func delete(_ id: WebhookID, by requester: Requester) throws(StoreFailure) -> Bool

    /// A new secret; the earlier ones count for `overlap` more at most.
    func rotate(
        _ id: WebhookID, secret: WebhookSecret, overlap: Duration, by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Pauses an active webhook, or makes a paused or disabled one active.
    ///
    /// - Returns: false if there is none of that state.
    func setPaused(
        _ id: WebhookID, _ isPaused: Bool, by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Queues an event for this webhook alone; nil if there is none.
    func test(_ id: WebhookID, by requester: Requester) throws(StoreFailure) -> Int64?

    /// The latest first, before a number.
    func deliveries(
        of filter: DeliveryFilter, before number: Int64?, limit: Int
    ) throws(StoreFailure) -> [DeliveryRecord]

    func count(of filter: DeliveryFilter) throws(StoreFailure) -> BoundedCount

    /// A delivery with its attempts, the latest first; nil if there is none.
    func delivery(
        _ number: Int64, attempts limit: Int
    ) throws(StoreFailure) -> (record: DeliveryRecord, attempts: [DeliveryAttempt])?

    /// Queues deliveries again, whatever became of them: a portion of all that the filter finds behind
    /// a number, in the order of their numbers.
    ///
    /// - Returns: how many, the last one, and how many are left.
    func resend(
        _ filter: DeliveryFilter, after number: Int64, by requester: Requester
    ) throws(StoreFailure) -> (queued: Int, last: Int64, left: BoundedCount)
}

/// The most webhooks.
package let webhookLimit = 10_000

/// What deliveries are looked for by; nil finds all.
package struct DeliveryFilter: Sendable, Equatable {
    package var webhook: WebhookID?
    package var state: DeliveryRecord.State?
    package var type: WebhookEventType?
    package var message: MessageID?
    package var since: Timestamp?
    package var until: Timestamp?
    package var numbers: [Int64]?

    package init() {}
}

/// What became of a delivery.
package struct DeliveryRecord: Sendable {
    package let number: Int64
    package let webhook: WebhookID
    package let event: WebhookEventID
    package let type: WebhookEventType
    package let occurredAt: Timestamp
    package let state: State
    /// When it is tried next; of one that is over, when it was last due.
    package let dueAt: Timestamp
    package let attempts: Int
    package let attemptedAt: Timestamp?
    /// The last answer's HTTP status.
    package let answer: Int?
    package let message: MessageID?
    package let status: Status?

    package enum State: Int16, Sendable, CaseIterable {
        case waiting = 1
        case delivered = 2
        case never = 3

        package var name: String {
            switch self {
            case .waiting: "waiting"
            case .delivered: "delivered"
            case .never: "never_delivered"
            }
        }
    }

    package init(
        number: Int64, webhook: WebhookID, event: WebhookEventID, type: WebhookEventType,
        occurredAt: Timestamp, state: State, dueAt: Timestamp, attempts: Int,
        attemptedAt: Timestamp?, answer: Int?, message: MessageID?, status: Status?
    ) {
        self.number = number
        self.webhook = webhook
        self.event = event
        self.type = type
        self.occurredAt = occurredAt
        self.state = state
        self.dueAt = dueAt
        self.attempts = attempts
        self.attemptedAt = attemptedAt
        self.answer = answer
        self.message = message
        self.status = status
    }
}

/// One attempt of a delivery.
package struct DeliveryAttempt: Sendable {
    package let number: Int
    package let at: Timestamp
    package let milliseconds: Int
    package let status: Int?
    package let problem: String?
    /// The beginning of the answer's body.
    package let answer: String?

    package init(
        number: Int, at: Timestamp, milliseconds: Int, status: Int?, problem: String?,
        answer: String?
    ) {
        self.number = number
        self.at = at
        self.milliseconds = milliseconds
        self.status = status
        self.problem = problem
        self.answer = answer
    }
}

/// Says where a webhook may not lead. Any thread; may take some seconds.
package protocol EgressCheck: Sendable {
    /// Whether `http://` is allowed.
    var rules: EgressRules { get }

    /// Why a URL may not be used, for people; nil if it may: its host has addresses, and all of them
    /// are allowed.
    func objection(to url: WebhookURL) -> String?
}
