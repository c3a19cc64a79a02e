package import Domain
package import Postgres
package import Telemetry

/// Erases all that is kept of a number, in portions; for the role that owns the tables.
package struct NumberEraser: Sendable {
    private let queries: Queries
    private let queue: SendQueue
    private let number: PhoneNumber

    private static let portion = 200
    /// A span of the archive is read as a whole.
    private static let scanLimit = Duration.seconds(3600)

    /// - Parameters:
    ///   - number: whose.
    ///   - pool: one connection of it is used.
    ///   - feed: gets messages that are cancelled.
    ///   - logger: gets failed queries.
    package init(
        of number: PhoneNumber, _ pool: ConnectionPool, feed: ChangeFeed, logger: Logger
    ) {
        self.number = number
        queries = Queries(pool, logger, areCommits: true)
        queue = SendQueue(pool, feed: feed, logger: logger)
    }

    /// What was erased so far.
    package struct Result: Sendable, Equatable {
        package var cancelled = 0
        package var messages = 0
        package var reports = 0
        package var queued = 0
        package var deadLetters = 0
        package var sendRequests = 0
        package var quarantined = 0
        package var callbacks = 0
        /// Messages from the number.
        package var inbound = 0
        /// Events for webhooks that held it.
        package var deliveries = 0

        package init() {}
    }

    /// Cancels messages that wait to be sent: some of them; false if there are none.
    package func cancel(
        by requester: Requester, _ result: inout Result
    ) throws(StoreFailure) -> Bool {
        let waiting = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                SelectQueuedTo(number: number.description, limit: Self.portion)
            ).rows
        }
        var count = 0
        for message in waiting {
            guard case .cancelled = try queue.cancel(message, at: .now, by: requester) else {
                continue
            }
            count += 1
        }
        result.cancelled += count
        // A dispatcher may have taken all of them just now.
        return count > 0
    }

    /// Takes the number out of some of its messages; false if there are none.
    package func eraseMessages(_ result: inout Result) throws(StoreFailure) -> Bool {
        let (portion, emptied) = try queries.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) -> (ErasedPortion?, Int) in
                let portion = try connection.execute(
                    EraseMessages(number: number.description, limit: Self.portion)
                ).first
                let emptied = try connection.execute(
                    EmptySendRequests(ids: portion?.sendRequests ?? [])
                ).first
                return (portion, emptied ?? 0)
            }
        }
        guard let portion, portion.messages > 0 else { return false }
        result.messages += portion.messages
        result.reports += portion.reports
        result.queued += portion.queued
        result.deadLetters += portion.deadLetters
        result.sendRequests += emptied
        return true
    }

    /// Deletes what else holds the number, but for the archive.
    package func eraseTexts(_ result: inout Result) throws(StoreFailure) {
        result.quarantined += try queries.run { connection throws(PostgresError) in
            let (_, released) = try connection.execute(
                LimitStatementTime(limit: Self.scanLimit), EraseTexts(digits: number.digits),
                within: Self.scanLimit)
            return released.first ?? 0
        }
        result.deliveries += try queries.run { connection throws(PostgresError) in
            let (_, told) = try connection.execute(
                LimitStatementTime(limit: Self.scanLimit), EraseDeliveries(digits: number.digits),
                within: Self.scanLimit)
            return told.first ?? 0
        }
        result.inbound += try queries.run { connection throws(PostgresError) in
            try connection.execute(EraseInbound(number: number.description)).first ?? 0
        }
    }

    /// Deletes the callbacks of a time span that hold the number.
    package func eraseCallbacks(
        in span: Range<Timestamp>, _ result: inout Result
    ) throws(StoreFailure) {
        result.callbacks += try queries.run { connection throws(PostgresError) in
            let (_, gone) = try connection.execute(
                LimitStatementTime(limit: Self.scanLimit),
                EraseCallbacks(digits: number.digits, span: span), within: Self.scanLimit)
            return gone.affectedCount
        }
    }

    /// Where the archive begins; nil if it is empty.
    package func archiveStart() throws(StoreFailure) -> Timestamp? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectOldestPartition()).first ?? nil
        }
    }

    /// Messages that are left, because they are being sent just now.
    package func left() throws(StoreFailure) -> Int {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(CountMessagesTo(number: number.description)).first ?? 0
        }
    }

    /// Writes what was done into the audit, without the number.
    ///
    /// - Parameters:
    ///   - digest: of the number, with a key: tells that it was this one to whoever knows it.
    ///   - result: what was erased.
    ///   - requester: who asked for it.
    /// - Throws: `StoreFailure` if the database does not answer.
    package func audit(
        digest: String, _ result: Result, by requester: Requester
    ) throws(StoreFailure) {
        let entry = AuditEntry(
            .eraseNumber, of: digest, by: requester, at: .now,
            detail: [
                "messages": "\(result.messages)", "reports": "\(result.reports)",
                "callbacks": "\(result.callbacks)", "quarantined": "\(result.quarantined)",
                "send_requests": "\(result.sendRequests)", "cancelled": "\(result.cancelled)",
                "dead_letters": "\(result.deadLetters)", "inbound": "\(result.inbound)",
                "deliveries": "\(result.deliveries)",
            ])
        try queries.run { connection throws(PostgresError) in
            try connection.execute(InsertAuditEntry(entry: entry))
        }
    }
}
