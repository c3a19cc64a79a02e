package import Domain
import Postgres

extension OutboxStore {
    package func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer {
        try queries.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                try Self.lease(request, on: connection)
            }
        }
    }

    private static func lease(
        _ request: LeaseRequest, on connection: Connection
    ) throws(PostgresError) -> LeaseAnswer {
        try connection.execute(PlanAnew())
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
        let due = limit > 0 ? try select(request, limit, connection) : []
        let reported = try markReported(due, connection)
        let leases = try cut(
            due.filter { !reported.contains($0.message) }, for: request, on: connection)
        let count = leases.reduce(0) { $0 + $1.messages.count }
        if count > 0 {
            try connection.execute(
                MarkLeased(
                    messages: leases.flatMap { lease in
                        lease.messages.map { ($0.outgoing.id, lease.id) }
                    },
                    provider: request.provider, dispatcher: request.dispatcher,
                    duration: request.duration))
            let rerouted = leases.flatMap(\.messages).filter { $0.provider != request.provider }
            if !rerouted.isEmpty {
                try connection.execute(
                    NoteReroutes(messages: rerouted, provider: request.provider))
            }
            if bucket != nil {
                try connection.execute(
                    SpendAllowance(provider: request.provider, messages: count))
            }
        }
        // Whoever makes all requests that it can comes back when one of them has ended.
        guard leases.count < request.requests else {
            return LeaseAnswer(leases: leases, nextAt: nil)
        }
        if let bucket, limit < request.messages, due.count == limit {
            return LeaseAnswer(leases: leases, nextAt: bucket.nextAt(after: count))
        }
        if due.count == limit, count + reported.count > 0 {
            return LeaseAnswer(leases: leases, nextAt: .now)
        }
        return LeaseAnswer(leases: leases, nextAt: try nextDue(request, connection))
    }

    /// Takes out what was tried before and has come to be known as sent by a report.
    private static func markReported(
        _ due: [DueRow], _ connection: Connection
    ) throws(PostgresError) -> Set<MessageID> {
        let tried = due.filter { $0.attempts > 0 }.map(\.message)
        guard !tried.isEmpty else { return [] }
        let reported = try connection.execute(SelectReported(messages: tried)).rows
        if !reported.isEmpty { try connection.execute(MarkReported(messages: reported)) }
        return Set(reported)
    }

    /// The provider's own messages before those of others.
    private static func select(
        _ request: LeaseRequest, _ limit: Int, _ connection: Connection
    ) throws(PostgresError) -> [DueRow] {
        var due = try connection.execute(
            SelectDue(provider: request.provider, limit: limit)
        ).rows
        for provider in request.insteadOf where due.count < limit {
            due += try connection.execute(
                SelectTakeover(
                    provider: provider, segmentLimits: request.segmentLimits,
                    limit: limit - due.count)
            ).rows
        }
        return due
    }

    private static func nextDue(
        _ request: LeaseRequest, _ connection: Connection
    ) throws(PostgresError) -> Timestamp? {
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

    /// Cuts messages into requests, in their order, and leaves what is too much.
    private static func cut(
        _ due: [DueRow], for request: LeaseRequest, on connection: Connection
    ) throws(PostgresError) -> [Lease] {
        guard !due.isEmpty, request.requests > 0 else { return [] }
        let calls = try connection.execute(SelectCalls(ids: Array(Set(due.map(\.call))))).rows
        let texts = Dictionary(calls.map { ($0.id, $0) }) { first, _ in first }
        let rows = due.compactMap { row in
            texts[row.call].flatMap { LeasedMessage(row, of: $0) }.map { ($0, row.isAlone) }
        }
        let now = Timestamp.now
        var leases: [Lease] = []
        var start = 0
        while start < rows.count, leases.count < request.requests {
            var end = start + 1
            if !rows[start].1 {
                while end < rows.count, !rows[end].1, end - start < largestBatch { end += 1 }
                let run = rows[start..<end].map(\.0.outgoing)
                end = start + min(max(1, request.batchCount(run)), run.count)
            }
            leases.append(
                Lease(
                    id: .new(at: now), provider: request.provider,
                    messages: rows[start..<end].map(\.0)))
            start = end
        }
        return leases
    }

    /// No provider takes more in one request.
    private static let largestBatch = 1000
}

extension LeasedMessage {
    /// Nil for a recipient that is no number, which nobody writes.
    fileprivate init?(_ row: DueRow, of call: CallRow) {
        guard let recipient = PhoneNumber(kept: row.recipient) else { return nil }
        self.init(
            outgoing: OutgoingMessage(
                id: row.message, call: row.call, recipient: recipient, sender: call.sender,
                text: call.text, validityMinutes: call.validityMinutes,
                callbackData: call.callbackData),
            provider: row.provider, attempt: row.attempts + 1,
            giveUpAt: call.giveUpAt)
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
