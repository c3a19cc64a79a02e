import Domain
import Postgres

/// What we did about a message, the earliest first.
struct SelectEvents: Statement {
    let message: MessageID
    let limit: Int

    static let name: StaticString = "select_events"
    static let sql: StaticString = """
        select message_id, kind, at, provider, attempt, status, code, detail
        from event
        where message_id = $1
        order by number
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: message.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> SendEvent? {
        try SendEvent(row, from: 1, of: row.identifier(0))
    }
}

extension SendEvent {
    /// From the columns kind, at, provider, attempt, status, code and detail; nil for a kind that
    /// only a later version knows.
    init?(
        _ row: borrowing RowReader, from column: Int, of message: MessageID
    ) throws(PostgresError) {
        guard let kind = Kind(code: try row.int16(column)) else { return nil }
        self.init(
            message: message, kind: kind,
            at: Timestamp(microseconds: try row.timestamp(column + 1)),
            provider: try row.optionalInt16(column + 2).flatMap(Provider.init(code:)),
            attempt: try row.optionalInt16(column + 3).map(Int.init),
            status: try row.optionalInt16(column + 4).flatMap(Status.init(code:)),
            problem: try row.problem(column + 5, column + 6))
    }
}
