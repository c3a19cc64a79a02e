import CPostgres

/// One row of a result, read forward: each `next` takes the next column of the select list.
///
/// ```swift
/// User(id: try row.next(Int64.self), email: try row.next(String?.self))
/// ```
/// Arguments are evaluated from left to right, so a select list names its columns in the order in
/// which the decoder reads them. A decoder that leaves a column unread fails: otherwise a forgotten
/// column would shift all that follow. `skipRest` skips on purpose.
package struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let row: Int32
    private let count: Int32
    private var column: Int32 = 0

    init(_ result: borrowing ResultHandle, row: Int32) {
        self.result = result.pointer
        self.row = row
        count = PQnfields(result.pointer)
    }

    /// Reads the next column, which must not be NULL.
    ///
    /// - Parameter type: what it holds.
    /// - Returns: its value.
    /// - Throws: `decode` for NULL, another type, or a row that has no more columns.
    package mutating func next<Value: ColumnValue>(
        _ type: Value.Type
    ) throws(PostgresError) -> Value {
        guard let value = try next(Value?.self) else {
            throw PostgresError(.decode, "column \(column - 1): NULL")
        }
        return value
    }

    /// Reads the next column, nil for NULL.
    ///
    /// - Parameter type: what it holds.
    /// - Returns: its value.
    /// - Throws: `decode` for another type, or a row that has no more columns.
    package mutating func next<Value: ColumnValue>(
        _ type: Value?.Type
    ) throws(PostgresError) -> Value? {
        guard column < count else { throw PostgresError(.decode, "column \(column): no such") }
        defer { column += 1 }
        guard PQgetisnull(result, row, column) == 0 else { return nil }
        guard PQfformat(result, column) == 1 else {
            throw PostgresError(.decode, "column \(column): not in binary form")
        }
        let value = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        return try Value(Column(index: column, type: PQftype(result, column), value: value))
    }

    /// Passes over the columns that are left.
    package mutating func skipRest() {
        column = count
    }

    /// Fails when there are columns that nobody has read or skipped.
    borrowing func checkEnd() throws(PostgresError) {
        guard column == count else {
            throw PostgresError(.decode, "\(count - column) columns were not read")
        }
    }
}
