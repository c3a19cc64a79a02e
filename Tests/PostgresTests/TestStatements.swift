import Postgres

/// Sends a number there and back.
struct Echo: Statement {
    static let name: StaticString = "echo"
    static let sql: StaticString = "select $1::int8"
    let value: Int64

    func encode(into parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Int64 {
        try row.int64(0)
    }
}
