import Domain
import Postgres

@testable import Store

/// The rows of reports, without the callback that brought them.
struct Ledger: Equatable {
    let messages: String
    let reports: String
    let tally: String

    init(_ database: TestDatabase) throws {
        messages = try database.run(
            """
            select id, precedence, fingerprint, provider, status, is_ours, is_key_derived,
                provider_message_id, recipient, sender, created_at, updated_at, outcome_id, country,
                segments, delay, price, currency
            from message order by id
            """)
        reports = try database.run(
            """
            select message_id, fingerprint, precedence, outcome_id, sent_at, done_at, segments,
                provider, status, source, price, currency, recipient, sender, bulk_id,
                callback_data, network, attributes, part, parts
            from report order by message_id, fingerprint
            """)
        tally = try database.run(
            """
            select hour, provider, status, outcome_id, sum(reports)
            from tally group by 1, 2, 3, 4 order by 1, 2, 3, 4
            """)
    }
}

/// How many reports of a message are committed, as another session sees it.
struct CountReports: Statement {
    static let name: StaticString = "count_reports"
    static let sql: StaticString = """
        select count(*) from report join message on message.id = report.message_id
        where message_id = $1
        """
    let message: MessageID

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: message.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// Blocks every commit of a writer until it is lifted.
struct Blockade {
    private let connection: Connection

    /// Locks a table that each batch writes to, or another one.
    init(_ database: TestDatabase, table: String = "callback") throws {
        connection = try Connection(database.admin)
        try connection.execute(script: "begin; lock table \(table) in share mode")
    }

    func lift() throws {
        try connection.execute(script: "rollback")
    }
}
