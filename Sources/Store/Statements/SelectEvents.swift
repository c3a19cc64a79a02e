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
        guard let kind = SendEvent.Kind(code: try row.int16(1)) else { return nil }
        var problem: ProviderProblem?
        if let code = try row.optionalText(6) {
            problem = ProviderProblem(code: code, text: try row.optionalText(7) ?? "")
        }
        return SendEvent(
            message: try row.identifier(0), kind: kind,
            at: Timestamp(microseconds: try row.timestamp(2)),
            provider: try row.optionalInt16(3).flatMap(Provider.init(code:)),
            attempt: try row.optionalInt16(4).map(Int.init),
            status: try row.optionalInt16(5).flatMap(Status.init(code:)), problem: problem)
    }
}
