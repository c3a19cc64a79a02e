import Postgres

/// Sends a number to the server and back.
struct Echo: Statement {
    static let name: StaticString = "echo"
    static let sql: StaticString = "select $1::int8"
    let value: Int64

    func encode(into parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// Writes a row; `item` has a primary key named `item_key`.
struct InsertItem: Statement {
    static let name: StaticString = "insert_item"
    static let sql: StaticString = "insert into item (id) values ($1)"
    let id: Int64

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }
}

/// Reads all rows of `item`.
struct ListItems: Statement {
    static let name: StaticString = "list_items"
    static let sql: StaticString = "select id from item order by id"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// Keeps the server busy.
struct Sleep: Statement {
    static let name: StaticString = "sleep"
    static let sql: StaticString = "select pg_sleep($1::int8 / 1000.0)"
    let milliseconds: Int64

    func encode(into parameters: inout StatementParameters) {
        parameters.add(milliseconds)
    }
}

/// The process of the server that serves the connection.
struct BackendID: Statement {
    static let name: StaticString = "backend_id"
    static let sql: StaticString = "select pg_backend_pid()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 {
        try row.next(Int32.self)
    }
}

/// Ends another session, as an administrator would.
struct TerminateBackend: Statement {
    static let name: StaticString = "terminate_backend"
    static let sql: StaticString = "select pg_terminate_backend($1, 5000)"
    let id: Int32

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }
}

/// The error of a body that must fail.
func failure<Value>(of body: () throws(PostgresError) -> Value) -> PostgresError? {
    do throws(PostgresError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// The port of the server that answers.
struct ServerPort: Statement {
    static let name: StaticString = "server_port"
    static let sql: StaticString = "select current_setting('port')"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}
