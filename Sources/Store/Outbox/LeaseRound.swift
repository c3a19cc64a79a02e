import Domain
import Postgres

/// The leases of one transaction, while they are collected.
struct LeaseRound {
    /// When the lane leases again.
    enum NextTurn: Equatable {
        /// When one of its requests has ended: it makes as many as it can.
        case whenFree
        case at(Timestamp)
        /// When the next message is due; the database knows the time.
        case whenDue

        var time: Timestamp? { if case .at(let time) = self { time } else { nil } }
    }

    private let request: LeaseRequest
    private var bucket: Bucket?
    /// The most messages.
    private var limit: Int
    /// The messages of each request.
    private var batches: [[LeasedMessage]] = []
    /// Messages in them.
    private(set) var count = 0
    /// Messages that a report shows to be accepted: they are sent already.
    private(set) var reported: [MessageID] = []
    /// Whether more messages may be due.
    private var isExhausted = false
    private var sendRequests: [SendRequestID: SendRequestRow] = [:]
    /// By number: who has said anything about getting messages.
    private var optOuts: [String: [OptOutEntry]] = [:]
    /// The attempts begin here, by the database's clock and by ours, which is not later.
    private var leasedAt = Timestamp.now
    private var beganAt = ContinuousClock.now

    /// No provider accepts more in one request.
    private static let largestBatch = 1000

    init(_ request: LeaseRequest) {
        self.request = request
        limit = request.messages
    }

    private var freeRequests: Int { request.requests - batches.count }
    private var freeMessages: Int { limit - count }

    /// The leases, with new ids; they must still be marked.
    func makeAnswer() -> LeaseAnswer {
        let now = Timestamp.now
        return LeaseAnswer(
            leases: batches.map {
                Lease(
                    id: .new(at: now), provider: request.provider, messages: $0,
                    leasedAt: leasedAt)
            }, nextAt: nil, beganAt: beganAt)
    }

    /// Messages that another provider was to send.
    var rerouted: [LeasedMessage] {
        batches.joined().filter { $0.provider != request.provider }
    }

    /// When to lease again.
    var nextTurn: NextTurn {
        if batches.count >= request.requests { return .whenFree }
        if let bucket, limit < request.messages, isExhausted {
            return .at(bucket.nextAt(after: count))
        }
        return isExhausted && count + reported.count > 0 ? .at(.now) : .whenDue
    }

    /// Opens the transaction and locks the messages to lease, and those that are sent already.
    ///
    /// Messages that are sent apart come first, as many as allowed; then all others, the provider's
    /// own before those of others; and more that are sent apart if no other message waits.
    mutating func select(on connection: Connection) throws(PostgresError) {
        if let rate = request.rate {
            let (_, known) = try connection.begin(
                with: PlanAnew(),
                RefillAllowance(
                    provider: request.provider, perSecond: rate.perSecond, burst: rate.burst))
            let bucket = Bucket(rate, known.first)
            self.bucket = bucket
            limit = min(limit, bucket.whole)
            if limit == 0 {
                isExhausted = true
                return
            }
        }
        let provider = request.provider
        switch request.choice {
        case .trial(let trial):
            let due = try run(SelectTrial(provider: provider, trial: trial), on: connection)
            try load(due, on: connection)
            cut(due, requests: 1)
        case .newest:
            let due = try run(SelectNewest(provider: provider, limit: limit), on: connection)
            isExhausted = due.count == limit
            try load(due, on: connection)
            cut(due, requests: request.requests)
        case .oldest:
            try selectOldest(on: connection)
        }
    }

    private mutating func selectOldest(on connection: Connection) throws(PostgresError) {
        let requests = min(request.apart, request.requests)
        let (apart, own) = try run(
            SelectApart(
                provider: request.provider, requests: requests, limit: requests > 0 ? limit : 0),
            SelectDue(provider: request.provider, limit: limit), on: connection)
        var due = own
        for provider in request.insteadOf where due.count < limit {
            due += try run(
                SelectTakeover(
                    provider: provider, segmentLimits: request.segmentLimits,
                    limit: limit - due.count), on: connection)
        }
        try load(apart + due, on: connection)
        cut(apart, requests: requests)
        let mayBeMore = batches.count >= requests
        let most = freeRequests > 0 ? freeMessages : 0
        // More may be locked than there is room for; the commit releases the rest.
        due = Array(due.prefix(most))
        isExhausted = due.count == most
        cut(due, requests: freeRequests)
        guard mayBeMore, !isExhausted, freeRequests > 0, freeMessages > 0 else { return }
        // The query returns those that are in a request already once more.
        let leased = Set(batches.joined().map(\.outgoing.id))
        let more = try run(
            SelectApart(
                provider: request.provider, requests: requests + freeRequests,
                limit: leased.count + reported.count + freeMessages), on: connection
        ).filter { !leased.contains($0.message) && !reported.contains($0.message) }
        try load(more, on: connection)
        cut(more, requests: freeRequests)
    }

    // MARK: - Statements

    /// Runs a statement that locks rows, and records the time.
    private mutating func run<S: Statement>(
        _ statement: S, on connection: Connection
    ) throws(PostgresError) -> [S.Row] {
        let sentAt = ContinuousClock.now
        let isOpen = connection.isInTransaction
        let first: Results<Timestamp>
        let rows: Results<S.Row>
        let last: Results<Timestamp>
        if isOpen {
            (first, rows, last) = try connection.execute(ReadClock(), statement, ReadClock())
        } else {
            (_, first, rows, last) = try connection.begin(
                with: PlanAnew(), ReadClock(), statement, ReadClock())
        }
        noteTime(sentAt, first.first, last.first)
        return rows.rows
    }

    /// The same with two statements.
    private mutating func run<First: Statement, Second: Statement>(
        _ one: First, _ two: Second, on connection: Connection
    ) throws(PostgresError) -> ([First.Row], [Second.Row]) {
        let sentAt = ContinuousClock.now
        let first: Results<Timestamp>
        let (ones, twos): (Results<First.Row>, Results<Second.Row>)
        let last: Results<Timestamp>
        if connection.isInTransaction {
            (first, ones, twos, last) = try connection.execute(ReadClock(), one, two, ReadClock())
        } else {
            (_, first, ones, twos, last) = try connection.begin(
                with: PlanAnew(), ReadClock(), one, two, ReadClock())
        }
        noteTime(sentAt, first.first, last.first)
        return (ones.rows, twos.rows)
    }

    /// Records a moment by two clocks. By ours it may be too early, by the time of the first
    /// answer, but never too late: a message that is not sent soon after this moment is not sent at
    /// all.
    private mutating func noteTime(
        _ sentAt: ContinuousClock.Instant, _ first: Timestamp?, _ last: Timestamp?
    ) {
        guard let first, let last else { return }
        leasedAt = last
        beganAt = sentAt + max(.zero, last.since(first))
    }

    /// Reads what the messages of send requests have in common, and which of those tried before a
    /// report shows to be sent.
    private mutating func load(
        _ due: [DueRow], on connection: Connection
    ) throws(PostgresError) {
        let missing = Set(due.map(\.sendRequest)).subtracting(sendRequests.keys)
        let tried = due.filter { $0.attempts > 0 }.map(\.message)
        guard !due.isEmpty else { return }
        let (found, rows, entries) = try connection.execute(
            SelectReported(messages: tried), SelectSendRequests(ids: Array(missing)),
            SelectOptOutsOf(numbers: Array(Set(due.map(\.recipient)))))
        reported += found.rows
        for entry in entries.rows { optOuts[entry.recipient, default: []].append(entry) }
        for row in rows.rows { sendRequests[row.id] = row }
    }

    // MARK: - Requests

    /// Divides messages into requests, in their order, and leaves the rest.
    private mutating func cut(_ due: [DueRow], requests: Int) {
        let sent = Set(reported)
        let messages = due.compactMap { row in
            sent.contains(row.message)
                ? nil
                : sendRequests[row.sendRequest].flatMap {
                    LeasedMessage(row, of: $0, optOuts[row.recipient] ?? [])
                }
        }
        let end = batches.count + min(requests, freeRequests)
        var start = 0
        while start < messages.count, batches.count < end, freeMessages > 0 {
            let limit = messages[start].batchLimit
            let most = min(limit ?? Self.largestBatch, freeMessages)
            let run = messages[start...].prefix(most).prefix { $0.batchLimit == limit }
            let size = min(max(1, request.batchCount(run.map(\.outgoing))), run.count)
            batches.append(Array(run.prefix(size)))
            count += size
            start += size
        }
    }
}

extension LeasedMessage {
    /// Nil for a recipient that is not a number, which is never written.
    fileprivate init?(
        _ row: DueRow, of sendRequest: SendRequestRow, _ optOuts: [OptOutEntry]
    ) {
        let block =
            optOuts.isEmpty || sendRequest.ignoresOptOut
            ? nil : OptOutStanding.block(for: sendRequest.sender, among: optOuts)
        guard let recipient = PhoneNumber(kept: row.recipient) else { return nil }
        self.init(
            outgoing: OutgoingMessage(
                id: row.message, sendRequest: row.sendRequest, recipient: recipient,
                sender: sendRequest.sender, text: sendRequest.text,
                validityMinutes: sendRequest.validityMinutes,
                callbackData: sendRequest.callbackData),
            provider: row.provider, attempt: row.attempts + 1, giveUpAt: row.giveUpAt,
            batchLimit: row.batchLimit, earlierStop: row.earlierStop,
            block: block.map(ProviderProblem.init(optOut:)))
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

    /// When a twentieth of a second's messages may be leased, at least one: at a high rate, leasing
    /// each of them alone would make requests of one message.
    func nextAt(after spent: Int) -> Timestamp {
        let wanted = min(max(1, rate.burst), max(1, rate.perSecond / 20))
        let missing = max(0, wanted - (allowance - Double(spent)))
        return at.advanced(by: .seconds(missing / max(rate.perSecond, 0.001)))
    }
}
