import Domain
import Postgres

/// Those of some messages that another transaction holds, without waiting for it.
struct SelectHeldMessages: Statement {
    let messages: [MessageID]

    static let name: StaticString = "select_held_messages"
    static let sql: StaticString = """
        with free as materialized (
            select id from message where id = any($1::uuid[]) for no key update skip locked
        )
        select id from message where id = any($1::uuid[]) and id not in (select id from free)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}
