import Postgres

/// Takes a dispatcher's number for as long as the connection lives; waits if it is in use.
struct LockNumber: Statement {
    let number: Int32
    var kind = Self.dispatchers

    /// Separate these locks from others; any constants would do.
    static let dispatchers: Int32 = 731_087
    static let deliverers: Int32 = 731_089

    static let name: StaticString = "lock_number"
    static let sql: StaticString = "select pg_advisory_lock($1::integer, $2::integer)::text"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(kind)
        parameters.add(number)
    }
}

/// Does nothing; checks that the server answers.
struct Ping: Statement {
    static let name: StaticString = "ping"
    static let sql: StaticString = "select 1"
}
