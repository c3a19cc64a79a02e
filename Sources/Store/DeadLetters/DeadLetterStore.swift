package import Domain
package import Postgres
package import Telemetry

/// The dead letters in the database.
package struct DeadLetterStore: DeadLetters {
    private let queries: Queries
    private let commits: Queries
    private let feed: ChangeFeed

    /// The most messages that one call queues again.
    private static let callLimit = 1000
    /// The most of one transaction: rows of messages are held for a few milliseconds only.
    private static let batchLimit = 200
    /// The most that are counted.
    private static let countBound = 10_000

    /// Each call takes a connection of the pool for a few round trips.
    ///
    /// - Parameters:
    ///   - pool: where they are.
    ///   - feed: gets the messages that are queued again.
    ///   - logger: gets failed queries.
    package init(_ pool: ConnectionPool, feed: ChangeFeed, logger: Logger) {
        self.feed = feed
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func page(
        of filter: DeadLetterFilter, after position: DeadLetterPosition?, limit: Int
    ) throws(StoreFailure) -> [DeadLetter] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectDeadLetters(filter: filter, position: position, limit: limit)
            ).1.rows
        }
    }

    package func count(of filter: DeadLetterFilter) throws(StoreFailure) -> BoundedCount {
        let found = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), CountDeadLetters(filter: filter, limit: Self.countBound + 1)
            ).1.first ?? 0
        }
        return BoundedCount(found: found, bound: Self.countBound)
    }

    package func retry(
        _ message: MessageID, by requester: Requester
    ) throws(StoreFailure) -> RetryResult {
        let now = Timestamp.now
        let entry = AuditEntry(.retryMessage, of: message, by: requester, at: now)
        return try commits.run { connection throws(PostgresError) in
            let (result, changes) = try connection.transaction {
                () throws(PostgresError) -> (RetryResult, [StatusChange]) in
                let (_, retried) = try connection.execute(
                    PlanAnew(), RetryMessages(messages: [message], now: now))
                if let retried = retried.first, retried.count > 0 {
                    try connection.execute(InsertAuditEntry(entry: entry))
                    return (.queued, retried.changes)
                }
                let refusal = try connection.execute(SelectRetryRefusal(message: message)).first
                return (refusal.map { .refused($0) } ?? .unknown, [])
            }
            feed.publish(changes)
            return result
        }
    }

    package func retry(
        _ filter: DeadLetterFilter, by requester: Requester
    ) throws(StoreFailure) -> (queued: Int, left: BoundedCount) {
        var queued = 0
        while queued < Self.callLimit {
            let count = try retryBatch(
                of: filter, by: requester, limit: min(Self.batchLimit, Self.callLimit - queued))
            queued += count
            guard count > 0 else { break }
        }
        let left = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectRetriable(filter: filter, limit: Self.callLimit + 1)
            ).1.rows.count
        }
        return (queued, BoundedCount(found: left, bound: Self.callLimit))
    }

    /// Queues some of them in a transaction of their own.
    private func retryBatch(
        of filter: DeadLetterFilter, by requester: Requester, limit: Int
    ) throws(StoreFailure) -> Int {
        let now = Timestamp.now
        return try commits.run { connection throws(PostgresError) in
            let retried = try connection.transaction {
                () throws(PostgresError) -> CountedChanges? in
                let (_, found) = try connection.execute(
                    PlanAnew(), SelectRetriable(filter: filter, limit: limit))
                guard !found.rows.isEmpty else { return nil }
                let (_, retried) = try connection.execute(
                    PlanAnew(), RetryMessages(messages: found.rows, now: now))
                if let retried = retried.first, retried.count > 0 {
                    try connection.execute(
                        InsertAuditEntry(
                            entry: Self.entry(filter, retried.count, by: requester, at: now)))
                }
                return retried.first
            }
            feed.publish(retried?.changes ?? [])
            return retried?.count ?? 0
        }
    }

    /// One entry for many messages: each message's own timeline has the act, too.
    private static func entry(
        _ filter: DeadLetterFilter, _ count: Int, by requester: Requester, at now: Timestamp
    ) -> AuditEntry {
        var detail = ["messages": "\(count)"]
        detail["provider"] = filter.provider?.name
        detail["code"] = filter.code
        detail["since"] = filter.since?.description
        detail["until"] = filter.until?.description
        detail["send_request_id"] = filter.sendRequest?.description
        detail["named"] = filter.messages.map { "\($0.count)" }
        return AuditEntry(
            .retryMessages, of: "dead-letters", by: requester, at: now, detail: detail)
    }
}
