package import Domain
package import Postgres
package import Telemetry

/// Reads messages and their reports from the database.
package struct MessageStore: MessageReader {
    private let queries: Queries
    /// Where a message of this name at this provider is kept, unless it is ours.
    private let key: @Sendable (Provider, String) -> MessageID

    /// The key is derived as the parsers of callbacks do it.
    package init(
        _ pool: ConnectionPool, logger: Logger,
        key: @escaping @Sendable (Provider, String) -> MessageID
    ) {
        queries = Queries(pool, logger)
        self.key = key
    }

    package func message(_ id: MessageID) throws(StoreFailure) -> Message? {
        try queries.run { connection throws(PostgresError) in
            // Both in one round trip: a message without its reports is of little use.
            let (messages, reports) = try connection.execute(
                SelectMessage(id: id), SelectReports(message: id, limit: 1))
            return messages.first?.message(decisive: reports.first)
        }
    }

    package func message(
        provider: Provider, providerMessageID: String
    ) throws(StoreFailure) -> Message? {
        // PostgreSQL holds no NUL, and would fail on the question.
        guard !providerMessageID.utf8.contains(0) else { return nil }
        if let message = try message(key(provider, providerMessageID)) { return message }
        return try queries.run { connection throws(PostgresError) in
            let own = try connection.execute(
                SelectMessageByProviderID(provider: provider, providerMessageID: providerMessageID))
            guard let row = own.first else { return nil }
            let reports = try connection.execute(SelectReports(message: row.id, limit: 1))
            return row.message(decisive: reports.first)
        }
    }

    package func reports(of id: MessageID, limit: Int) throws(StoreFailure) -> [RecordedReport] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectReports(message: id, limit: limit)).rows
        }
    }

    package func events(of id: MessageID, limit: Int) throws(StoreFailure) -> [SendEvent] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectEvents(message: id, limit: limit)).rows.compactMap { $0 }
        }
    }
}
