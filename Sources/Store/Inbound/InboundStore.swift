package import Domain
package import Postgres
package import Telemetry

/// Messages from people in the database.
package struct InboundStore: InboundReader, InboundIndex {
    private let queries: Queries

    /// Each call takes a connection of the pool for a round trip or two.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    /// How long a look at a number's messages may take at the server.
    private static let searchTime: Duration = .seconds(5)

    package func page(
        of filter: InboundFilter, before position: InboundPosition?, limit: Int
    ) throws(StoreFailure) -> [StoredInbound] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                LimitStatementTime(limit: Self.searchTime), PlanForValues(),
                SelectInbound(filter: filter, before: position, limit: limit)
            ).2.rows
        }
    }

    package func message(_ id: InboundID) throws(StoreFailure) -> StoredInbound? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectSomeInbound(ids: [id])).first
        }
    }

    package func known(_ ids: [InboundID]) throws(StoreFailure) -> Set<InboundID> {
        Set(
            try queries.run { connection throws(PostgresError) in
                try connection.execute(SelectKnownInbound(ids: ids)).rows
            })
    }

    package func conversation(
        with number: String, before time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> [ConversationEntry] {
        var filter = InboundFilter()
        filter.sender = number
        filter.until = time
        let wanted = filter
        let (theirs, ours) = try queries.run {
            connection throws(PostgresError) -> (
                [StoredInbound], [ConversationEntry.SentMessage]
            ) in
            let (_, theirs, _, ours) = try connection.execute(
                PlanForValues(), SelectInbound(filter: wanted, before: nil, limit: limit),
                SearchSettings(limit: Self.searchTime, usesBitmaps: true),
                SelectConversation(number: number, before: time, limit: limit))
            return (theirs.rows, ours.rows)
        }
        let all = theirs.map { ConversationEntry.from($0) } + ours.map { .to($0) }
        return Array(all.sorted { $0.at > $1.at }.prefix(limit))
    }
}
