package import Domain
package import Postgres
package import Telemetry

/// What live streams read, on a pool of their own.
package struct LiveStore: LiveReader {
    private let queries: Queries
    private let log: ChangeLog
    private let search: any MessageSearch

    /// How many messages one statement reads.
    private static let listLength = 500
    /// How long the look for a stream's first messages may take.
    private static let searchTime: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - pool: of streams alone, so that they take no connection from the API.
    ///   - search: finds the newest ones, on the same pool.
    ///   - logger: gets failed queries.
    package init(
        _ pool: ConnectionPool, search: any MessageSearch, logger: Logger
    ) {
        queries = Queries(pool, logger)
        log = ChangeLog(pool, logger: logger)
        self.search = search
    }

    package func changes(
        after sequence: ChangeSequence, limit: Int
    ) throws(StoreFailure) -> ChangePage {
        try log.changes(after: sequence, limit: limit)
    }

    package func latestChange() throws(StoreFailure) -> ChangeSequence { try log.latestChange() }

    package func messages(_ ids: [MessageID]) throws(StoreFailure) -> [MessageID: Message] {
        try queries.run { connection throws(PostgresError) in
            var found: [MessageID: Message] = [:]
            for start in stride(from: 0, to: ids.count, by: Self.listLength) {
                let part = Array(ids[start..<min(start + Self.listLength, ids.count)])
                for message in try MessageStore.messages(part, connection) {
                    found[message.id] = message
                }
            }
            return found
        }
    }

    package func inbound(
        _ ids: [InboundID]
    ) throws(StoreFailure) -> [InboundID: StoredInbound] {
        let rows = try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectSomeInbound(ids: ids)).rows
        }
        return Dictionary(rows.map { ($0.message.id, $0) }) { first, _ in first }
    }

    package func messages(of sendRequest: SendRequestID) throws(StoreFailure) -> [MessageID] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectMessagesOfRequest(sendRequest: sendRequest)).rows
        }
    }

    package func newest(
        _ filter: LiveFilter, limit: Int
    ) throws(StoreFailure) -> [Message] {
        var wanted = MessageFilter()
        wanted.statuses = filter.statuses
        wanted.isFinal = filter.isFinal
        wanted.provider = filter.provider
        return try search.page(of: wanted, limit: limit, after: nil, within: Self.searchTime)
            .messages
    }

    package func missedChanges(
        after sequence: ChangeSequence, through end: ChangeSequence, limit: Int
    ) throws(StoreFailure) -> MissedChanges {
        try queries.run { connection throws(PostgresError) in
            let rows = try connection.execute(
                SelectChangesBefore(end: end, after: sequence, limit: limit)
            ).rows
            let changes = rows.reversed().flatMap { $0 }.filter {
                $0.sequence > sequence && $0.sequence <= end
            }
            // Only now: what is dropped before this look may be missing above.
            let known = try connection.execute(SelectSettledChanges()).first
            guard let known, let oldest = known.oldest else {
                return MissedChanges(changes: [], beginning: .start, end: .start)
            }
            var beginning = ChangeSequence(block: oldest - 1, position: 0)
            // The limit may have cut off the earliest ones.
            if let first = changes.first, rows.reduce(0, { $0 + $1.count }) >= limit {
                beginning = max(beginning, ChangeSequence(rawValue: first.sequence.rawValue - 1))
            }
            return MissedChanges(
                changes: changes, beginning: beginning,
                end: ChangeSequence(block: known.taken + 1, position: -1))
        }
    }
}

/// The messages of a send request: they were named in its millisecond, so their key finds them.
struct SelectMessagesOfRequest: Statement {
    let sendRequest: SendRequestID

    static let name: StaticString = "select_messages_of_request"
    static let sql: StaticString = """
        select id
        from message
        where id between $1 and $2 and send_request_id = $3
        order by id
        """

    func encode(into parameters: inout StatementParameters) {
        let millisecond = sendRequest.high & 0xFFFF_FFFF_FFFF_0000
        parameters.add(uuid: (high: millisecond, low: 0))
        parameters.add(uuid: (high: millisecond | 0xFFFF, low: .max))
        parameters.add(uuid: sendRequest.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}

/// The latest changes up to a place, the last row first, and not many more than a limit.
struct SelectChangesBefore: Statement {
    let end: ChangeSequence
    let after: ChangeSequence
    let limit: Int

    static let name: StaticString = "select_changes_before"
    static let sql: StaticString = """
        select block, messages, statuses, causes
        from (
            select block, messages, statuses, causes,
                sum(cardinality(messages)) over (order by block desc) - cardinality(messages)
                    as later
            from (
                select block, messages, statuses, causes
                from status_change
                where block between $1 and $2
                order by block desc
                limit $3
            ) as latest
        ) as counted
        where later < $3
        order by block desc
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(after.block)
        parameters.add(end.block)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}
