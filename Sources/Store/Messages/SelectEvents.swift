import Domain
import Postgres

/// The events of a message that we sent, the earliest first.
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

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendEvent? {
        let message = try row.next(MessageID.self)
        return try row.nextEvent(of: message)
    }
}

extension RowReader {
    /// The columns kind, at, provider, attempt, status, code and detail; nil if there is no kind, or
    /// one that only a later version knows.
    mutating func nextEvent(of message: MessageID) throws(PostgresError) -> SendEvent? {
        let kind = try next(Int16?.self).flatMap(SendEvent.Kind.init(code:))
        let at = try next(Timestamp?.self)
        let provider = try next(Int16?.self).map(KnownProviders.provider(code:))
        let attempt = try next(Int?.self)
        let status = try next(Int16?.self).flatMap(Status.init(code:))
        let problem = try nextProblem()
        guard let kind, let at else { return nil }
        return SendEvent(
            message: message, kind: kind, at: at, provider: provider, attempt: attempt,
            status: status, problem: problem)
    }
}
