import Domain
import Postgres

@testable import Store

/// The two sides of the queue on a database of their own.
struct SendingHarness {
    let database: TestDatabase
    let queue: SendQueue
    let outbox: OutboxStore
    let messages: MessageStore

    init(connections: Int = 4, feed: ChangeFeed = ChangeFeed()) throws {
        database = try TestDatabase()
        let pool = try database.pool(connections)
        queue = SendQueue(pool, feed: feed, logger: .silent)
        outbox = OutboxStore(
            try database.dispatcherPool(connections), settings: try database.dispatcher, feed: feed,
            logger: .silent)
        messages = MessageStore(pool, logger: .silent) { _, _ in .test(999_999) }
    }

    /// Queues a send request and returns its messages' ids.
    @discardableResult
    func accept(_ sendRequest: SendRequest) throws -> [MessageID] {
        guard try queue.accept(sendRequest, nil) == .queued else { return [] }
        return sendRequest.recipients.map(\.message)
    }

    /// Leases as a dispatcher of this number.
    func lease(
        _ provider: Provider = .infobip, insteadOf: [Provider] = [],
        choice: LeaseRequest.Choice = .oldest, requests: Int = 100, apart: Int? = nil,
        messages: Int = 1000, rate: (perSecond: Double, burst: Double)? = nil,
        deadline: Timestamp = .now.advanced(by: .seconds(60)), dispatcher: Int32 = 1,
        batch: Int = 100, segmentLimits: SegmentLimits? = nil
    ) throws -> LeaseAnswer {
        try outbox.lease(
            LeaseRequest(
                provider: provider, insteadOf: insteadOf, choice: choice, requests: requests,
                apart: apart, messages: messages, rate: rate, segmentLimits: segmentLimits,
                duration: deadline.since(.now),
                dispatcher: dispatcher,
                batchCount: { min($0.count, batch) }))
    }

    /// Queues one message and leases it.
    @discardableResult
    func leased(
        _ provider: Provider = .infobip, deadline: Timestamp = .now.advanced(by: .seconds(60)),
        dispatcher: Int32 = 1
    ) throws -> (message: MessageID, lease: LeaseID) {
        let message = try accept(.sample(provider: provider))[0]
        let answer = try lease(provider, deadline: deadline, dispatcher: dispatcher)
        return (message, answer.leases[0].id)
    }

    /// A message's row in the outbox, empty if there is none.
    func row(_ id: MessageID, _ columns: String = "state") throws -> String {
        try database.run("select \(columns) from outbox where message_id = '\(id)'")
    }

    func status(_ id: MessageID) throws -> Status? { try messages.message(id)?.status }
}

extension SendRequest {
    /// A send request with recipients that no other has.
    static func sample(
        recipients: Int = 1, provider: Provider = .infobip, isPinned: Bool = false,
        text: String = "Hello", at time: Timestamp = .now, sendAt: Timestamp? = nil,
        giveUpAt: Timestamp? = nil, validityMinutes: Int? = nil, callbackData: String? = nil,
        metadata: String? = nil,
        submitter: Submitter = Submitter(Requester.sample.principal)
    ) throws -> SendRequest {
        try SendRequest(
            id: .new(at: time), acceptedAt: time, submitter: submitter,
            recipients: (0..<recipients).map { number throws(PhoneNumber.Problem) in
                Recipient(
                    message: .new(at: time), number: try PhoneNumber("+4179\(1_000_000 + number)"),
                    provider: provider)
            },
            sender: "Waybill", text: text, isPinned: isPinned, validityMinutes: validityMinutes,
            sendAt: sendAt, giveUpAt: giveUpAt ?? time.advanced(by: .seconds(3600)),
            callbackData: callbackData, metadata: metadata)
    }
}

extension OutboxChange {
    /// A provider has the message.
    static func accepted(
        _ message: MessageID, _ lease: LeaseID?, by provider: Provider = .infobip,
        name: String? = nil, at time: Timestamp = .now
    ) -> OutboxChange {
        OutboxChange(
            message: message, lease: lease, step: .sent(checkAt: time.advanced(by: .seconds(600))),
            event: SendEvent(
                message: message, kind: .accepted, at: time, provider: provider, attempt: 1,
                status: .accepted),
            acceptedBy: AcceptedBy(
                provider: provider,
                providerMessageID: name ?? (provider == .infobip ? message.description : nil)))
    }

    /// The provider did not accept it for now.
    static func deferred(
        _ message: MessageID, _ lease: LeaseID?, countsAttempt: Bool = true
    ) -> OutboxChange {
        OutboxChange(
            message: message, lease: lease, step: .ready(at: .now),
            event: SendEvent(
                message: message, kind: .deferred, at: .now, provider: .infobip, attempt: 1,
                problem: .sample),
            countsAttempt: countsAttempt)
    }

    /// It is unknown whether the provider has it.
    static func unanswered(_ message: MessageID, _ lease: LeaseID?) -> OutboxChange {
        OutboxChange(
            message: message, lease: lease, step: .unsure(checkAt: .now),
            event: SendEvent(
                message: message, kind: .unanswered, at: .now, provider: .infobip, attempt: 1,
                status: .unknown, problem: .sample))
    }

    /// The provider will never accept it.
    static func refused(_ message: MessageID, _ lease: LeaseID?) -> OutboxChange {
        OutboxChange(
            message: message, lease: lease, step: .done,
            event: SendEvent(
                message: message, kind: .refused, at: .now, provider: .infobip, attempt: 1,
                status: .rejected, problem: .sample),
            deadLetter: .sample)
    }

    /// The provider was queried and does not have it.
    static func notFound(_ message: MessageID, attempt: Int? = nil) -> OutboxChange {
        OutboxChange(
            message: message, lease: nil, step: .ready(at: .now),
            event: SendEvent(
                message: message, kind: .notFound, at: .now, provider: .infobip, attempt: attempt))
    }
}

extension ProviderProblem {
    static let sample = ProviderProblem(code: "503", text: "Service Unavailable")
}

extension Idempotency {
    static func sample(
        caller: UInt64 = 1, key: String = "key", digest: UInt8 = 1, answer: String = "{}",
        message: MessageID? = nil
    ) -> Idempotency {
        Idempotency(
            principal: .key(APIKeyID(high: 0x7000, low: 1 << 63 | caller)), key: key,
            digest: [digest],
            answer: StoredAnswer(status: 202, body: Array(answer.utf8), message: message))
    }
}
