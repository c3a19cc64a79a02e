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
        try queries.run { connection throws(PostgresError) in try Self.read(id, connection) }
    }

    /// Reads a message and its reports in one round trip, because both are always needed.
    private static func read(
        _ id: MessageID, _ connection: Connection
    ) throws(PostgresError) -> Message? {
        let (messages, reports) = try connection.execute(
            SelectMessage(id: id),
            SelectReports(message: id, limit: 1, limitWithParts: partReports))
        return messages.first?.message(reports.rows)
    }

    /// The most reports from which a message's parts are computed: a few on each of 255.
    private static let partReports = 1000

    /// Reads messages in the order of their keys, each as `read` does, in one round trip.
    static func messages(
        _ ids: [MessageID], _ connection: Connection
    ) throws(PostgresError) -> [Message] {
        let (_, rows, reports) = try connection.execute(
            SearchSettings(limit: listPatience), SelectListedMessages(ids: ids),
            SelectListedReports(messages: ids, limitWithParts: partReports))
        let reportsByMessage = Dictionary(grouping: reports.rows, by: \.report.message)
        return rows.rows.map { $0.message(reportsByMessage[$0.id] ?? []) }
    }

    /// A list is read by keys, so this is only for a server that hardly works.
    private static let listPatience: Duration = .seconds(10)

    package func message(
        provider: Provider, providerMessageID: String
    ) throws(StoreFailure) -> Message? {
        // PostgreSQL holds no NUL, and would fail on the query.
        guard !providerMessageID.utf8.contains(0) else { return nil }
        if let message = try message(key(provider, providerMessageID)) { return message }
        return try queries.run { connection throws(PostgresError) in
            let own = try connection.execute(
                SelectMessageByProviderID(
                    provider: provider,
                    providerMessageID: provider.canonical(providerMessageID)))
            guard let id = own.first else { return nil }
            return try Self.read(id, connection)
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

    package func callback(_ id: CallbackID) throws(StoreFailure) -> ReceivedCallback? {
        // Others tell no time.
        guard id.version == 7 else { return nil }
        return try queries.run { connection throws(PostgresError) in
            let (_, found) = try connection.execute(
                SearchSettings(limit: Self.listPatience, usesBitmaps: true),
                SelectArchivedCallback(id: id))
            return found.first
        }
    }
}
