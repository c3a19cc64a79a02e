package import Domain
package import Postgres
package import Telemetry

/// Works statuses and tallies out again from the ledger, and compares them with what is kept.
///
/// The messages are walked in portions; each is read as of one moment, so that writers who work meanwhile
/// cause no difference.
package struct LedgerFold: Sendable {
    private let queries: Queries
    private let repairs: Bool

    /// The whole ledger is read by one statement.
    private static let tallyLimit = Duration.seconds(6 * 3600)

    /// - Parameters:
    ///   - pool: one connection of it is used.
    ///   - repairs: whether to correct what differs; then it must be of the role that owns the tables.
    ///   - logger: gets failed queries.
    package init(_ pool: ConnectionPool, repairs: Bool, logger: Logger) {
        queries = Queries(pool, logger, areCommits: repairs)
        self.repairs = repairs
    }

    /// A portion of the messages.
    package struct Portion: Sendable {
        /// How many there were.
        package let messages: Int
        /// Where the next one begins; nil after the last one.
        package let next: MessageID?
        package let differences: [Difference]
        /// Messages whose own events are no longer kept, so that they cannot be judged.
        package let unjudged: Int
        /// Reports whose precedence is another one by today's rules.
        package let reports: Int
    }

    /// A message whose row is not what its ledger says.
    package struct Difference: Sendable, Equatable {
        package let message: MessageID
        /// Nil if the message has reports and no row: a replay of the archive brings it back.
        package let kept: Status?
        package let folded: Status
    }

    /// About how many messages there are; nil if the server does not know.
    package func estimate() throws(StoreFailure) -> Int? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(EstimateMessages()).first ?? nil
        }
    }

    /// Compares the next messages, and corrects them if it is to.
    ///
    /// - Parameters:
    ///   - id: where the portion before ended; nil for the first one.
    ///   - limit: how many messages.
    /// - Returns: what differs, or did.
    /// - Throws: `StoreFailure`; then nothing of the portion was corrected, or the outcome is unknown.
    package func portion(
        after id: MessageID?, limit: Int
    ) throws(StoreFailure) -> Portion {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(script: "set default_transaction_isolation = 'repeatable read'")
            return try connection.transaction { () throws(PostgresError) -> Portion in
                // Once more with fewer messages, if they have too many reports.
                var limit = limit
                while true {
                    if let portion = try portion(after: id, limit: limit, on: connection) {
                        return portion
                    }
                    limit = max(1, limit / 2)
                }
            }
        }
    }

    /// Nil if the messages have too many reports to be judged at once.
    private func portion(
        after id: MessageID?, limit: Int, on connection: Connection
    ) throws(PostgresError) -> Portion? {
        let messages = try connection.execute(SelectFoldMessages(after: id, limit: limit)).rows
        let isLast = messages.count < limit
        let (reports, events) = try connection.execute(
            SelectFoldReports(after: id, last: isLast ? nil : messages.last?.id),
            SelectFoldEvents(messages: messages.filter(\.isOurs).map(\.id)))
        guard reports.rows.count < SelectFoldReports.limit || limit == 1 else { return nil }
        let fold = FoldedPortion(messages, reports.rows, events.rows)
        if repairs {
            _ = try connection.execute(
                UpdatePrecedences(reports: fold.reports), ApplyFold(folded: fold.wrong))
        }
        return Portion(
            messages: messages.count, next: isLast ? nil : messages.last?.id,
            differences: fold.differences, unjudged: fold.unjudged, reports: fold.reports.count)
    }

    /// Compares the tally with the ledger, and corrects it if it is to.
    package func tally() throws(StoreFailure) -> TallyDifference {
        try queries.run { connection throws(PostgresError) in
            let (_, differences) = try connection.execute(
                LimitStatementTime(limit: Self.tallyLimit), RecountTally(repairs: repairs),
                within: Self.tallyLimit)
            return differences.first ?? TallyDifference(rows: 0, reports: 0, first: nil, last: nil)
        }
    }

    /// Compares the counts of messages of one hour with the messages, and corrects them if it is to.
    ///
    /// - Parameter hour: its beginning.
    /// - Returns: how many rows of the counts differ, or did.
    /// - Throws: `StoreFailure` if the database does not answer.
    package func statistics(of hour: Timestamp) throws(StoreFailure) -> Int {
        try queries.run { connection throws(PostgresError) in
            let (_, wrong) = try connection.execute(
                LimitStatementTime(limit: Self.tallyLimit),
                RecountStatistics(hour: hour, repairs: repairs), within: Self.tallyLimit)
            return Int(wrong.first ?? 0)
        }
    }

    /// The latest hour before a moment that has messages; nil if there is none.
    package func hour(before time: Timestamp) throws(StoreFailure) -> Timestamp? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectHourBefore(time: time)).first
        }
    }
}

/// In what the tally differs from the ledger.
package struct TallyDifference: Sendable, Equatable {
    /// Rows of an hour, a provider, a status and an outcome.
    package let rows: Int
    /// By how many reports, in all.
    package let reports: Int
    /// The first hour and the last one.
    package let first: Timestamp?
    package let last: Timestamp?

    package init(rows: Int, reports: Int, first: Timestamp?, last: Timestamp?) {
        self.rows = rows
        self.reports = reports
        self.first = first
        self.last = last
    }
}

/// Some messages, compared with their ledger. Pure.
struct FoldedPortion {
    private(set) var differences: [LedgerFold.Difference] = []
    /// Whose rows are to become what.
    private(set) var wrong: [ApplyFold.Folded] = []
    /// Those whose precedence is to become another one.
    let reports: [RecordedReport]
    private(set) var unjudged = 0

    init(
        _ messages: [FoldMessage], _ reports: [RecordedReport],
        _ events: [(message: MessageID, event: MessageFold.Event?)]
    ) {
        self.reports = reports.filter { $0.precedence != $0.report.precedence }
        var byMessage = Dictionary(grouping: reports, by: \.report.message)
        let eventsOf = Dictionary(grouping: events, by: \.message)
        for message in messages {
            let own = eventsOf[message.id] ?? []
            let known = own.compactMap(\.event)
            let fold = MessageFold(
                reports: byMessage.removeValue(forKey: message.id) ?? [], events: known,
                queuedAt: message.isOurs ? message.createdAt : nil)
            // An event that only a later version knows, or whose time is over, may have decided.
            let isDecidedByUs = message.isOurs && message.fingerprint == 0
            guard let fold, known.count == own.count,
                !isDecidedByUs || !known.isEmpty || message.status == .queued
            else {
                unjudged += 1
                continue
            }
            guard
                (fold.precedence, fold.fingerprint, fold.status)
                    != (message.precedence, message.fingerprint, message.status)
            else { continue }
            wrong.append((message, fold))
            differences.append(
                LedgerFold.Difference(
                    message: message.id, kept: message.status, folded: fold.status))
        }
        for (message, reports) in byMessage.sorted(by: { $0.key < $1.key }) {
            guard let fold = MessageFold(reports: reports, events: [], queuedAt: nil) else {
                continue
            }
            differences.append(
                LedgerFold.Difference(message: message, kept: nil, folded: fold.status))
        }
    }
}
