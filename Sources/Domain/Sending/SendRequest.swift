/// One request that sends a text to one or more recipients, checked and ready to be queued.
package struct SendRequest: Sendable {
    package let id: SendRequestID
    package let acceptedAt: Timestamp
    package let submitter: Submitter
    /// By which request it came.
    package let origin: RequestOrigin
    /// 1 to 1,000, each number once.
    package let recipients: [Recipient]
    /// A number with `+`, a short code or a name of up to eleven characters; nil leaves it to the
    /// provider's account.
    package let sender: String?
    package let text: String
    package let segmentation: Segmentation
    /// Whether the caller named the provider: then no other one may take over.
    package let isPinned: Bool
    package let validityMinutes: Int?
    /// Not before then; nil means at once.
    package let sendAt: Timestamp?
    /// When the messages are no longer tried.
    package let giveUpAt: Timestamp
    package let callbackData: String?
    /// The caller's own JSON object, kept and shown, never sent.
    package let metadata: String?
    /// Whether it is sent although a recipient has opted out: our own answers to STOP and HELP.
    package let ignoresOptOut: Bool
    /// Where changes of the messages' statuses are sent besides.
    package let webhook: MessageWebhook?

    /// `segmentation` is that of the text, if the caller has measured it; measuring a long text takes
    /// time.
    package init(
        id: SendRequestID, acceptedAt: Timestamp, submitter: Submitter,
        origin: RequestOrigin = .none, recipients: [Recipient],
        sender: String?, text: String, segmentation: Segmentation? = nil, isPinned: Bool,
        validityMinutes: Int? = nil, sendAt: Timestamp? = nil,
        giveUpAt: Timestamp, callbackData: String? = nil, metadata: String? = nil,
        ignoresOptOut: Bool = false, webhook: MessageWebhook? = nil
    ) {
        self.id = id
        self.acceptedAt = acceptedAt
        self.submitter = submitter
        self.origin = origin
        self.recipients = recipients
        self.sender = sender
        self.text = text
        self.segmentation = segmentation ?? Segmentation(text)
        self.isPinned = isPinned
        self.validityMinutes = validityMinutes
        self.sendAt = sendAt
        self.giveUpAt = giveUpAt
        self.callbackData = callbackData
        self.metadata = metadata
        self.ignoresOptOut = ignoresOptOut
        self.webhook = webhook
    }

    /// One message of the send request.
    package struct Recipient: Sendable, Equatable {
        /// Follows from the send request's id and the number (see `MessageKey`), so that a report
        /// whose URL holds the send request's id finds its message.
        package let message: MessageID
        package let number: PhoneNumber
        /// The provider that the message goes to first.
        package let provider: Provider

        package init(message: MessageID, number: PhoneNumber, provider: Provider) {
            self.message = message
            self.number = number
            self.provider = provider
        }
    }
}

/// Makes a repeated send request return the first one's answer.
package struct Idempotency: Sendable {
    /// The owner of the key: two principals may use the same text.
    package let principal: PrincipalID
    /// `Idempotency-Key` as it came, 1 to 255 visible ASCII characters.
    package let key: String
    /// SHA-256 of the content of the send request.
    package let digest: [UInt8]
    /// The answer to give from now on.
    package let answer: StoredAnswer

    package init(principal: PrincipalID, key: String, digest: [UInt8], answer: StoredAnswer) {
        self.principal = principal
        self.key = key
        self.digest = digest
        self.answer = answer
    }
}

/// An HTTP answer to repeat.
package struct StoredAnswer: Sendable, Equatable {
    package let status: Int
    package let body: [UInt8]
    /// The message in the answer; nil if there are several.
    package let message: MessageID?

    package init(status: Int, body: [UInt8], message: MessageID? = nil) {
        self.status = status
        self.body = body
        self.message = message
    }
}

/// An answer that replaces the stored one of a key.
package struct KeptAnswer: Sendable {
    package let answer: StoredAnswer
    package let idempotency: Idempotency

    package init(_ answer: StoredAnswer, for idempotency: Idempotency) {
        self.answer = answer
        self.idempotency = idempotency
    }
}

/// The result of queueing a send request.
package enum Acceptance: Sendable, Equatable {
    /// Its messages are queued, durably.
    case queued
    /// The same send request was made before; nothing was queued now.
    case repeated(StoredAnswer)
    /// Another send request had this key in the last 24 hours; nothing was queued.
    case keyTaken
    /// These recipients have opted out; nothing was queued.
    case optedOut([PhoneNumber: OptOutEntry])
}

/// The result of a request to cancel a message.
package enum Cancellation: Sendable, Equatable {
    case cancelled
    /// A provider has it or may have it, or its final status is known.
    case tooLate(Status)
    /// There is no such message, or we did not send it.
    case unknown
}

/// A message's state, as its sender waits for it.
package struct SendState: Sendable, Equatable {
    package let status: Status
    /// The provider's or our own text, unless it is queued or accepted.
    package let problem: ProviderProblem?
    /// The provider that has it now, or is to have it, after a takeover the new one. Nil if it is
    /// not known here.
    package let provider: Provider?

    package init(status: Status, problem: ProviderProblem?, provider: Provider? = nil) {
        self.status = status
        self.problem = problem
        self.provider = provider
    }
}

/// Where messages are queued. Any thread; blocks for a round trip or two.
package protocol MessageQueue: Sendable {
    /// Queues all messages of a send request in one transaction, or none.
    ///
    /// - Throws: `StoreFailure`; then nothing is queued, or the outcome is unknown (the connection
    ///   broke during the commit) and only a repetition with an `Idempotency-Key` is safe.
    func accept(_ sendRequest: SendRequest, _ idempotency: Idempotency?) throws(StoreFailure)
        -> Acceptance

    /// Replaces stored answers in one commit, once the results that callers waited for are known.
    func keep(_ answers: [KeptAnswer]) throws(StoreFailure)

    /// Cancels a message that no dispatcher has leased.
    func cancel(
        _ id: MessageID, at now: Timestamp, by requester: Requester
    ) throws(StoreFailure) -> Cancellation

    /// The states of our messages; those that do not exist are absent.
    func states(of ids: [MessageID]) throws(StoreFailure) -> [MessageID: SendState]
}
