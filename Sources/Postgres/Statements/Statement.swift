/// One SQL statement: its text, its parameters and its rows in one place.
///
/// A conforming struct holds the parameters' values:
///
/// ```swift
/// struct FindUser: Statement {
///     static let name: StaticString = "find_user"
///     static let sql: StaticString = "select id, email from app_user where email = $1"
///     let email: String
///
///     func encode(into parameters: inout StatementParameters) {
///         parameters.add(email)
///     }
///
///     static func decode(_ row: inout RowReader) throws(PostgresError) -> (Int64, String) {
///         (try row.next(Int64.self), try row.next(String.self))
///     }
/// }
/// ```
package protocol Statement {
    /// What a row becomes; `Void` for statements whose rows do not matter.
    associatedtype Row = Void

    /// The name that it is prepared under and that errors carry; unique in the program.
    static var name: StaticString { get }

    /// The SQL, parameters as `$1`...; cast them (`$1::uuid[]`) where the server could not know.
    static var sql: StaticString { get }

    /// Adds the values in the order of their numbers.
    ///
    /// - Parameter parameters: empty when called.
    func encode(into parameters: inout StatementParameters)

    /// Whether the statement has anything to do; false leaves it out of its batch, and its results
    /// are empty.
    var isNeeded: Bool { get }

    /// Reads one row, all of its columns in their order.
    ///
    /// - Parameter row: valid during the call.
    /// - Returns: the row's value.
    /// - Throws: `decode` when a column is not what was expected.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row
}

extension Statement {
    /// Adds nothing: for statements without parameters.
    package func encode(into parameters: inout StatementParameters) {}

    /// True; a statement whose work depends on earlier results overrides it.
    package var isNeeded: Bool { true }
}

extension Statement where Row == Void {
    /// Ignores the row.
    package static func decode(_ row: inout RowReader) throws(PostgresError) { row.skipRest() }
}

/// What one statement did.
package struct Results<Row> {
    /// The rows in the server's order.
    package let rows: [Row]
    /// How many rows were returned, or inserted, updated or deleted.
    package let affectedCount: Int

    /// The first row, if any.
    package var first: Row? { rows.first }
}

extension Results: Sendable where Row: Sendable {}
