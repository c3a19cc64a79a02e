/// The value of one column of a row, in PostgreSQL's binary form; never NULL.
///
/// Valid as long as the row is being read. Each getter throws `decode` for a column of another type.
package struct Column: ~Copyable {
    /// Its place in the select list, from 0.
    private let index: Int32
    /// The object id of its type.
    let type: UInt32
    let value: UnsafeRawBufferPointer

    init(index: Int32, type: UInt32, value: UnsafeRawBufferPointer) {
        self.index = index
        self.type = type
        self.value = value
    }

    /// A `text`, or another type whose binary form is its text: varchar, json, jsonb, enumerations.
    package borrowing func text() throws(PostgresError) -> String {
        if type == TypeIdentifier.jsonb {
            // A version byte comes first.
            return String(decoding: value.dropFirst(), as: UTF8.self)
        }
        guard TypeIdentifier.isTextual(type) else { throw wrongType() }
        return String(decoding: value, as: UTF8.self)
    }

    /// A `uuid` as its two halves, big-endian.
    package borrowing func uuid() throws(PostgresError) -> (high: UInt64, low: UInt64) {
        try check(.uuid, size: 16)
        return (
            UInt64(bigEndian: value.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: value.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// A `timestamptz` in microseconds since 1970; `Int64.max` and `.min` are the infinities.
    package borrowing func timestamp() throws(PostgresError) -> Int64 {
        try check(.timestamptz, size: 8)
        return PostgresEpoch.decode(Int64(bigEndian: value.loadUnaligned(as: Int64.self)))
    }

    /// An error for a value that the code does not know, such as the number of a status.
    ///
    /// - Parameter problem: what is wrong with it; the error shows it only in its detail.
    /// - Returns: `decode`, with the column's number.
    package borrowing func unreadable(_ problem: String) -> PostgresError {
        .undecodable("column \(index): \(problem)")
    }
}

extension Column {
    /// An integer of this type, or of a smaller one if it may be.
    borrowing func integer(upTo most: ParameterType) throws(PostgresError) -> Int64 {
        switch (type, value.count) {
        case (ParameterType.int2.identifier, 2):
            return Int64(Int16(bigEndian: value.loadUnaligned(as: Int16.self)))
        case (ParameterType.int4.identifier, 4)
        where most.identifier != ParameterType.int2.identifier:
            return Int64(Int32(bigEndian: value.loadUnaligned(as: Int32.self)))
        case (ParameterType.int8.identifier, 8)
        where most.identifier == ParameterType.int8.identifier:
            return Int64(bigEndian: value.loadUnaligned(as: Int64.self))
        default: throw wrongType()
        }
    }

    borrowing func bool() throws(PostgresError) -> Bool {
        try check(.bool, size: 1)
        return value[0] != 0
    }

    borrowing func bytes() throws(PostgresError) -> [UInt8] {
        guard type == ParameterType.bytea.identifier else { throw wrongType() }
        return Array(value)
    }

    private borrowing func check(_ expected: ParameterType, size: Int) throws(PostgresError) {
        guard type == expected.identifier, value.count == size else { throw wrongType() }
    }

    private borrowing func wrongType() -> PostgresError {
        unreadable("\(value.count) bytes of type \(type)")
    }
}

/// What a column can be read as; see `RowReader.next`.
package protocol ColumnValue {
    /// Reads a column that is not NULL.
    ///
    /// - Parameter column: valid during the call.
    /// - Throws: `decode` when it holds something else.
    init(_ column: borrowing Column) throws(PostgresError)
}

extension Int16: ColumnValue {
    /// An `int2`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = Int16(truncatingIfNeeded: try column.integer(upTo: .int2))
    }
}

extension Int32: ColumnValue {
    /// An `int4` or `int2`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = Int32(truncatingIfNeeded: try column.integer(upTo: .int4))
    }
}

extension Int64: ColumnValue {
    /// An `int8`, `int4` or `int2`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = try column.integer(upTo: .int8)
    }
}

extension Int: ColumnValue {
    /// An `int8`, `int4` or `int2`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = Int(try column.integer(upTo: .int8))
    }
}

extension Bool: ColumnValue {
    /// A `bool`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = try column.bool()
    }
}

extension String: ColumnValue {
    /// A `text` or the like; see `Column.text()`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = try column.text()
    }
}

extension [UInt8]: ColumnValue {
    /// A `bytea`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = try column.bytes()
    }
}
