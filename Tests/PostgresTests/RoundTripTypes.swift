import Postgres

/// A type as the round-trip tests see it: two statements, and how to write and read a value.
protocol RoundTripType {
    associatedtype Value
    static var scalarName: StaticString { get }
    static var scalarSQL: StaticString { get }
    static var arrayName: StaticString { get }
    static var arraySQL: StaticString { get }
    static func add(_ value: Value?, to parameters: inout StatementParameters)
    static func addArray(_ values: [Value?], to parameters: inout StatementParameters)
    static func read(_ row: inout RowReader) throws(PostgresError) -> Value?
    static func equals(_ a: Value, _ b: Value) -> Bool
}

extension RoundTripType where Value: Equatable {
    static func equals(_ a: Value, _ b: Value) -> Bool { a == b }
}

/// Sends one value and reads it back.
struct ScalarRoundTrip<T: RoundTripType>: Statement {
    static var name: StaticString { T.scalarName }
    static var sql: StaticString { T.scalarSQL }
    let value: T.Value?

    func encode(into parameters: inout StatementParameters) { T.add(value, to: &parameters) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> T.Value? {
        try T.read(&row)
    }
}

/// Sends an array and reads its elements back in order.
struct ArrayRoundTrip<T: RoundTripType>: Statement {
    static var name: StaticString { T.arrayName }
    static var sql: StaticString { T.arraySQL }
    let values: [T.Value?]

    func encode(into parameters: inout StatementParameters) {
        T.addArray(values, to: &parameters)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> T.Value? {
        try T.read(&row)
    }
}

enum Int16RoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_int2"
    static let scalarSQL: StaticString = "select $1::int2"
    static let arrayName: StaticString = "array_int2"
    static let arraySQL: StaticString =
        "select item from unnest($1::int2[]) with ordinality as list (item, place) order by place"

    static func add(_ value: Int16?, to parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func addArray(_ values: [Int16?], to parameters: inout StatementParameters) {
        parameters.addInt16s(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> Int16? {
        try row.next(Int16?.self)
    }
}

enum Int32RoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_int4"
    static let scalarSQL: StaticString = "select $1::int4"
    static let arrayName: StaticString = "array_int4"
    static let arraySQL: StaticString =
        "select item from unnest($1::int4[]) with ordinality as list (item, place) order by place"

    static func add(_ value: Int32?, to parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func addArray(_ values: [Int32?], to parameters: inout StatementParameters) {
        parameters.addInt32s(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> Int32? {
        try row.next(Int32?.self)
    }
}

enum Int64RoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_int8"
    static let scalarSQL: StaticString = "select $1::int8"
    static let arrayName: StaticString = "array_int8"
    static let arraySQL: StaticString =
        "select item from unnest($1::int8[]) with ordinality as list (item, place) order by place"

    static func add(_ value: Int64?, to parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func addArray(_ values: [Int64?], to parameters: inout StatementParameters) {
        parameters.addInt64s(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> Int64? {
        try row.next(Int64?.self)
    }
}

enum BoolRoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_bool"
    static let scalarSQL: StaticString = "select $1::bool"
    static let arrayName: StaticString = "array_bool"
    static let arraySQL: StaticString =
        "select item from unnest($1::bool[]) with ordinality as list (item, place) order by place"

    static func add(_ value: Bool?, to parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func addArray(_ values: [Bool?], to parameters: inout StatementParameters) {
        parameters.addBools(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> Bool? {
        try row.next(Bool?.self)
    }
}

enum TextRoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_text"
    static let scalarSQL: StaticString = "select $1::text"
    static let arrayName: StaticString = "array_text"
    static let arraySQL: StaticString =
        "select item from unnest($1::text[]) with ordinality as list (item, place) order by place"

    static func add(_ value: String?, to parameters: inout StatementParameters) {
        parameters.add(value)
    }

    static func addArray(_ values: [String?], to parameters: inout StatementParameters) {
        parameters.addTexts(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> String? {
        try row.next(String?.self)
    }
}

enum BytesRoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_bytea"
    static let scalarSQL: StaticString = "select $1::bytea"
    static let arrayName: StaticString = "array_bytea"
    static let arraySQL: StaticString =
        "select item from unnest($1::bytea[]) with ordinality as list (item, place) order by place"

    static func add(_ value: [UInt8]?, to parameters: inout StatementParameters) {
        parameters.add(bytes: value)
    }

    static func addArray(_ values: [[UInt8]?], to parameters: inout StatementParameters) {
        parameters.addBytes(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? {
        try row.next([UInt8]?.self)
    }
}

/// A `uuid` as its two halves.
private struct UUIDHalves: ColumnValue {
    let high: UInt64
    let low: UInt64

    init(_ column: borrowing Column) throws(PostgresError) {
        (high, low) = try column.uuid()
    }
}

/// A `timestamptz` as microseconds since 1970.
private struct Microseconds: ColumnValue {
    let value: Int64

    init(_ column: borrowing Column) throws(PostgresError) {
        value = try column.timestamp()
    }
}

enum UUIDRoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_uuid"
    static let scalarSQL: StaticString = "select $1::uuid"
    static let arrayName: StaticString = "array_uuid"
    static let arraySQL: StaticString =
        "select item from unnest($1::uuid[]) with ordinality as list (item, place) order by place"

    static func add(_ value: (high: UInt64, low: UInt64)?, to parameters: inout StatementParameters)
    {
        parameters.add(uuid: value)
    }

    static func addArray(
        _ values: [(high: UInt64, low: UInt64)?], to parameters: inout StatementParameters
    ) {
        parameters.addUUIDs(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> (
        high: UInt64, low: UInt64
    )? {
        try row.next(UUIDHalves?.self).map { ($0.high, $0.low) }
    }

    static func equals(_ a: (high: UInt64, low: UInt64), _ b: (high: UInt64, low: UInt64)) -> Bool {
        a == b
    }
}

enum TimestampRoundTrip: RoundTripType {
    static let scalarName: StaticString = "scalar_timestamptz"
    static let scalarSQL: StaticString = "select $1::timestamptz"
    static let arrayName: StaticString = "array_timestamptz"
    static let arraySQL: StaticString =
        "select item from unnest($1::timestamptz[]) with ordinality as list (item, place) order by place"

    static func add(_ value: Int64?, to parameters: inout StatementParameters) {
        parameters.add(timestamp: value)
    }

    static func addArray(_ values: [Int64?], to parameters: inout StatementParameters) {
        parameters.addTimestamps(values) { $0 }
    }

    static func read(_ row: inout RowReader) throws(PostgresError) -> Int64? {
        try row.next(Microseconds?.self)?.value
    }
}
