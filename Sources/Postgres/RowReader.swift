import CPostgres

/// One row of a result, read column by column from PostgreSQL's binary form.
///
/// Columns are numbered from 0 in the order of the select list. Each getter throws `decode` for a
/// column that does not exist, holds another type, or is NULL (unless it is an `optional` one).
package struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let row: Int32

    init(_ result: borrowing ResultHandle, row: Int32) {
        self.result = result.pointer
        self.row = row
    }

    /// Whether a column is NULL; also for one that does not exist.
    package borrowing func isNull(_ column: Int) -> Bool {
        PQgetisnull(result, row, Int32(column)) == 1
    }

    /// An `int2`.
    package borrowing func int16(_ column: Int) throws(PostgresError) -> Int16 {
        try integer(column, [.int2])
    }

    /// An `int4` or `int2`.
    package borrowing func int32(_ column: Int) throws(PostgresError) -> Int32 {
        try integer(column, [.int4, .int2])
    }

    /// An `int8`, `int4` or `int2`.
    package borrowing func int64(_ column: Int) throws(PostgresError) -> Int64 {
        try integer(column, [.int8, .int4, .int2])
    }

    /// A `bool`.
    package borrowing func bool(_ column: Int) throws(PostgresError) -> Bool {
        try bytes(column, { $0 == ParameterType.bool.identifier })[0] != 0
    }

    /// A `text`, or another type whose binary form is its text: varchar, json, jsonb, enumerations.
    package borrowing func text(_ column: Int) throws(PostgresError) -> String {
        var value = try bytes(
            column, { TypeIdentifier.isTextual($0) || $0 == TypeIdentifier.jsonb })
        // jsonb is preceded by the version of its form.
        if PQftype(result, Int32(column)) == TypeIdentifier.jsonb {
            value = UnsafeRawBufferPointer(rebasing: value.dropFirst())
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// A `bytea`.
    package borrowing func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        Array(try bytes(column, { $0 == ParameterType.bytea.identifier }))
    }

    /// A `uuid` as its two halves, big-endian.
    package borrowing func uuid(_ column: Int) throws(PostgresError) -> (high: UInt64, low: UInt64)
    {
        let value = try bytes(column, { $0 == ParameterType.uuid.identifier }, size: 16)
        return (
            UInt64(bigEndian: value.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: value.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// A `timestamptz` in microseconds since 1970; `Int64.max` and `.min` are the infinities.
    package borrowing func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        PostgresEpoch.decode(try integer(column, [.timestamptz]))
    }
}

extension RowReader {
    /// An `int2`, or nil for NULL.
    package borrowing func optionalInt16(_ column: Int) throws(PostgresError) -> Int16? {
        try isPresent(column) ? int16(column) : nil
    }

    /// An `int4` or `int2`, or nil for NULL.
    package borrowing func optionalInt32(_ column: Int) throws(PostgresError) -> Int32? {
        try isPresent(column) ? int32(column) : nil
    }

    /// An `int8`, `int4` or `int2`, or nil for NULL.
    package borrowing func optionalInt64(_ column: Int) throws(PostgresError) -> Int64? {
        try isPresent(column) ? int64(column) : nil
    }

    /// A `bool`, or nil for NULL.
    package borrowing func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try isPresent(column) ? bool(column) : nil
    }

    /// A `text` or the like, or nil for NULL; see `text(_:)`.
    package borrowing func optionalText(_ column: Int) throws(PostgresError) -> String? {
        try isPresent(column) ? text(column) : nil
    }

    /// A `bytea`, or nil for NULL.
    package borrowing func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try isPresent(column) ? bytes(column) : nil
    }

    /// A `uuid`, or nil for NULL.
    package borrowing func optionalUUID(
        _ column: Int
    ) throws(PostgresError) -> (high: UInt64, low: UInt64)? {
        try isPresent(column) ? uuid(column) : nil
    }

    /// A `timestamptz`, or nil for NULL; see `timestamp(_:)`.
    package borrowing func optionalTimestamp(_ column: Int) throws(PostgresError) -> Int64? {
        try isPresent(column) ? timestamp(column) : nil
    }
}

extension RowReader {
    /// False for NULL; a column that does not exist counts as present, so that reading it throws.
    private borrowing func isPresent(_ column: Int) -> Bool {
        column >= PQnfields(result) || !isNull(column)
    }

    private borrowing func integer<Value: FixedWidthInteger>(
        _ column: Int, _ accepted: [ParameterType]
    ) throws(PostgresError) -> Value {
        let value = try bytes(column, { type in accepted.contains { $0.identifier == type } })
        switch value.count {
        case 2: return Value(Int16(bigEndian: value.loadUnaligned(as: Int16.self)))
        case 4: return Value(Int32(bigEndian: value.loadUnaligned(as: Int32.self)))
        case 8: return Value(Int64(bigEndian: value.loadUnaligned(as: Int64.self)))
        default: throw failure(column, "an integer of \(value.count) bytes")
        }
    }

    private borrowing func bytes(
        _ column: Int, _ accepts: (UInt32) -> Bool, size: Int? = nil
    ) throws(PostgresError) -> UnsafeRawBufferPointer {
        let index = Int32(truncatingIfNeeded: column)
        guard column >= 0, column < PQnfields(result) else { throw failure(column, "no such") }
        guard PQfformat(result, index) == 1 else { throw failure(column, "not in binary form") }
        let type = PQftype(result, index)
        guard accepts(type) else { throw failure(column, "of type \(type)") }
        guard PQgetisnull(result, row, index) == 0 else { throw failure(column, "NULL") }
        let count = Int(PQgetlength(result, row, index))
        guard size == nil || size == count else { throw failure(column, "\(count) bytes long") }
        return UnsafeRawBufferPointer(start: PQgetvalue(result, row, index), count: count)
    }

    private func failure(_ column: Int, _ problem: String) -> PostgresError {
        PostgresError(.decode, "column \(column): \(problem)")
    }
}
