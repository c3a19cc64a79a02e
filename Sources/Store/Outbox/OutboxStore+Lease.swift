package import Domain
import Postgres

extension OutboxStore {
    package func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer {
        // Whatever is lost before the commit leaves nothing behind, and may be run again.
        let outcome = try queries.run { connection throws(PostgresError) in
            try unsent.putBack(on: connection)
            return try Self.leaseOnce(request, on: connection)
        }
        switch outcome {
        case .known(let answer): return answer
        case .unknown(let leases, let duration, let error):
            unsent.add(leases, markedWithin: duration)
            // While it waits for a standby, nothing waits for its rows.
            queries.noteCommitDoubt()
            // At once, so that the messages go with the next turn; or when the database is back.
            try? queries.run { connection throws(PostgresError) in
                try unsent.putBack(on: connection)
            }
            throw StoreFailure(.unavailable, error.description)
        }
    }

    private enum Outcome: Sendable {
        case known(LeaseAnswer)
        /// The answer to the commit did not come. What it leased is nobody's: it is not sent.
        case unknown([Lease], markedWithin: Duration, PostgresError)
    }

    private static func leaseOnce(
        _ request: LeaseRequest, on connection: Connection
    ) throws(PostgresError) -> Outcome {
        var answer: LeaseAnswer?
        let began = ContinuousClock.now
        var duration = Duration.zero
        do throws(PostgresError) {
            try connection.transaction { () throws(PostgresError) in
                answer = try lease(request, on: connection)
                duration = .now - began
            }
        } catch {
            guard error.isOutcomeUnknown, let leases = answer?.leases else { throw error }
            return .unknown(leases, markedWithin: duration, error)
        }
        guard let answer else { throw PostgresError.undecodable("a lease without an answer") }
        return .known(answer)
    }

    private static func lease(
        _ request: LeaseRequest, on connection: Connection
    ) throws(PostgresError) -> LeaseAnswer {
        let apart = request.choice == .oldest ? min(request.apart, request.requests) : 0
        let waiting = try connection.execute(
            PlanAnew(),
            SelectApart(
                provider: request.provider, requests: apart,
                limit: apart > 0 ? request.messages : 0)
        ).1.rows
        var bucket: Bucket?
        if let rate = request.rate {
            bucket = Bucket(
                rate,
                try connection.execute(
                    RefillAllowance(
                        provider: request.provider, perSecond: rate.perSecond, burst: rate.burst)
                ).first)
        }
        let limit = min(request.messages, bucket?.whole ?? request.messages)
        var round = Round(request, limit: limit)
        try round.select(apart: waiting, requests: apart, on: connection)
        let beganAt = ContinuousClock.now
        if round.count > 0 {
            let mark = MarkLeased(
                messages: round.leases.flatMap { lease in
                    lease.messages.map { ($0.outgoing.id, lease.id) }
                },
                provider: request.provider, dispatcher: request.dispatcher,
                duration: request.duration)
            if bucket == nil {
                try connection.execute(mark)
            } else {
                try connection.execute(
                    mark, SpendAllowance(provider: request.provider, messages: round.count))
            }
            let rerouted = round.leases.flatMap(\.messages).filter {
                $0.provider != request.provider
            }
            if !rerouted.isEmpty {
                try connection.execute(
                    NoteReroutes(messages: rerouted, provider: request.provider))
            }
        }
        return LeaseAnswer(
            leases: round.leases,
            nextAt: try nextAt(round, bucket, request, connection), beganAt: beganAt)
    }

    private static func nextAt(
        _ round: Round, _ bucket: Bucket?, _ request: LeaseRequest, _ connection: Connection
    ) throws(PostgresError) -> Timestamp? {
        // Whoever makes all requests that it can comes back when one of them has ended.
        guard round.leases.count < request.requests else { return nil }
        if let bucket, round.limit < request.messages, round.isExhausted {
            return bucket.nextAt(after: round.count)
        }
        if round.isExhausted, round.count + round.reportedCount > 0 { return .now }
        var next: Timestamp?
        for provider in [request.provider] + request.insteadOf {
            let isTakeover = provider != request.provider
            let time = try connection.execute(
                SelectNextDue(provider: provider, isTakeover: isTakeover)
            ).first
            if let time { next = min(next ?? time, time) }
        }
        return next
    }
}

/// The leases of one transaction, as they come together.
private struct Round {
    let request: LeaseRequest
    /// The most messages.
    let limit: Int
    private(set) var leases: [Lease] = []
    /// Messages in the leases.
    private(set) var count = 0
    /// What was found to be sent already.
    private(set) var reportedCount = 0
    /// Whether there may be more that is due.
    private(set) var isExhausted = false

    init(_ request: LeaseRequest, limit: Int) {
        self.request = request
        self.limit = limit
    }

    private var freeRequests: Int { request.requests - leases.count }
    private var freeMessages: Int { limit - count }

    /// What goes apart first, as far as it may, then all else, the provider's own messages before
    /// those of others; and what goes apart again if nobody waits behind it.
    mutating func select(
        apart: [DueRow], requests: Int, on connection: Connection
    ) throws(PostgresError) {
        guard limit > 0 else {
            isExhausted = true
            return
        }
        switch request.choice {
        case .trial(let trial):
            let due = try connection.execute(
                SelectTrial(provider: request.provider, trial: trial)
            ).rows
            try add(due, requests: 1, on: connection)
        case .newest:
            let due = try connection.execute(
                SelectNewest(provider: request.provider, limit: limit)
            ).rows
            isExhausted = due.count == limit
            try add(due, requests: request.requests, on: connection)
        case .oldest:
            try add(apart, requests: requests, on: connection)
            let mayBeMore = leases.count >= requests
            try addDue(on: connection)
            guard mayBeMore, !isExhausted, freeRequests > 0, freeMessages > 0 else { return }
            // Those that are in a request already come first again.
            let leased = Set(leases.flatMap { $0.messages.map(\.outgoing.id) })
            let more = try connection.execute(
                SelectApart(
                    provider: request.provider, requests: requests + freeRequests,
                    limit: leased.count + freeMessages)
            ).rows.filter { !leased.contains($0.message) }
            try add(more, requests: freeRequests, on: connection)
        }
    }

    private mutating func addDue(on connection: Connection) throws(PostgresError) {
        let most = freeMessages
        guard freeRequests > 0, most > 0 else {
            isExhausted = true
            return
        }
        var due = try connection.execute(
            SelectDue(provider: request.provider, limit: most)
        ).rows
        for provider in request.insteadOf where due.count < most {
            due += try connection.execute(
                SelectTakeover(
                    provider: provider, segmentLimits: request.segmentLimits,
                    limit: most - due.count)
            ).rows
        }
        isExhausted = due.count == most
        try add(due, requests: freeRequests, on: connection)
    }

    /// Cuts messages into requests, in their order, and leaves what is too much.
    private mutating func add(
        _ due: [DueRow], requests: Int, on connection: Connection
    ) throws(PostgresError) {
        let reported = try markReported(due, connection)
        reportedCount += reported.count
        let due = due.filter { !reported.contains($0.message) }
        guard let leasedAt = due.first?.leasedAt, requests > 0 else { return }
        let sendRequests = try connection.execute(
            SelectSendRequests(ids: Array(Set(due.map(\.sendRequest))))
        ).rows
        let texts = Dictionary(sendRequests.map { ($0.id, $0) }) { first, _ in first }
        let messages = due.compactMap { row in
            texts[row.sendRequest].flatMap { LeasedMessage(row, of: $0) }
        }
        let now = Timestamp.now
        let end = leases.count + min(requests, freeRequests)
        var start = 0
        while start < messages.count, leases.count < end, freeMessages > 0 {
            let limit = messages[start].batchLimit
            let most = min(limit ?? Self.largestBatch, freeMessages)
            let run = messages[start...].prefix(most).prefix { $0.batchLimit == limit }
            let size = min(max(1, request.batchCount(run.map(\.outgoing))), run.count)
            leases.append(
                Lease(
                    id: .new(at: now), provider: request.provider,
                    messages: Array(run.prefix(size)), leasedAt: leasedAt))
            count += size
            start += size
        }
    }

    /// Takes out what was tried before and has come to be known as sent by a report.
    private func markReported(
        _ due: [DueRow], _ connection: Connection
    ) throws(PostgresError) -> Set<MessageID> {
        let tried = due.filter { $0.attempts > 0 }.map(\.message)
        guard !tried.isEmpty else { return [] }
        let reported = try connection.execute(SelectReported(messages: tried)).rows
        if !reported.isEmpty { try connection.execute(MarkReported(messages: reported)) }
        return Set(reported)
    }

    /// No provider takes more in one request.
    private static let largestBatch = 1000
}

extension LeasedMessage {
    /// Nil for a recipient that is no number, which nobody writes.
    fileprivate init?(_ row: DueRow, of sendRequest: SendRequestRow) {
        guard let recipient = PhoneNumber(kept: row.recipient) else { return nil }
        self.init(
            outgoing: OutgoingMessage(
                id: row.message, sendRequest: row.sendRequest, recipient: recipient,
                sender: sendRequest.sender,
                text: sendRequest.text, validityMinutes: sendRequest.validityMinutes,
                callbackData: sendRequest.callbackData),
            provider: row.provider, attempt: row.attempts + 1, giveUpAt: sendRequest.giveUpAt,
            batchLimit: row.batchLimit, earlierStop: row.earlierStop)
    }
}

/// A provider's allowance at a moment.
private struct Bucket {
    private let allowance: Double
    private let at: Timestamp
    private let rate: (perSecond: Double, burst: Double)

    init(
        _ rate: (perSecond: Double, burst: Double), _ state: (allowance: Double, at: Timestamp)?
    ) {
        self.rate = rate
        allowance = state?.allowance ?? 0
        at = state?.at ?? .now
    }

    /// Whole messages that may be leased.
    var whole: Int { max(0, Int(allowance)) }

    /// When a twentieth of a second's messages may be leased, one at least: at a high rate, coming
    /// for each of them would make requests of one.
    func nextAt(after spent: Int) -> Timestamp {
        let wanted = min(max(1, rate.burst), max(1, rate.perSecond / 20))
        let missing = max(0, wanted - (allowance - Double(spent)))
        return at.advanced(by: .seconds(missing / max(rate.perSecond, 0.001)))
    }
}
