import Postgres

/// A value, or NULL, of every type that is written and read.
struct EveryType: Equatable {
    var int16: Int16?
    var int32: Int32?
    var int64: Int64?
    var flag: Bool?
    var text: String?
    var bytes: [UInt8]?
    var uuid: UUIDHalves?
    var time: Microseconds?

    /// A `uuid` as its two halves.
    struct UUIDHalves: ColumnValue, Equatable {
        let high: UInt64
        let low: UInt64

        init(_ high: UInt64, _ low: UInt64) {
            self.high = high
            self.low = low
        }

        init(_ column: borrowing Column) throws(PostgresError) {
            (high, low) = try column.uuid()
        }
    }

    /// A `timestamptz` as microseconds since 1970.
    struct Microseconds: ColumnValue, Equatable {
        let value: Int64

        init(_ value: Int64) { self.value = value }

        init(_ column: borrowing Column) throws(PostgresError) {
            value = try column.timestamp()
        }
    }

    fileprivate static func read(_ row: inout RowReader) throws(PostgresError) -> EveryType {
        EveryType(
            int16: try row.next(Int16?.self), int32: try row.next(Int32?.self),
            int64: try row.next(Int64?.self), flag: try row.next(Bool?.self),
            text: try row.next(String?.self), bytes: try row.next([UInt8]?.self),
            uuid: try row.next(UUIDHalves?.self), time: try row.next(Microseconds?.self))
    }
}

/// Sends one value of each type and reads them back.
struct ScalarRoundTrip: Statement {
    static let name: StaticString = "scalar_round_trip"
    static let sql: StaticString = """
        select $1::int2, $2::int4, $3::int8, $4::bool, $5::text, $6::bytea, $7::uuid,
            $8::timestamptz
        """
    let value: EveryType

    func encode(into parameters: inout StatementParameters) {
        parameters.add(value.int16)
        parameters.add(value.int32)
        parameters.add(value.int64)
        parameters.add(value.flag)
        parameters.add(value.text)
        parameters.add(bytes: value.bytes)
        parameters.add(uuid: value.uuid.map { ($0.high, $0.low) })
        parameters.add(timestamp: value.time?.value)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> EveryType {
        try EveryType.read(&row)
    }
}

/// Sends an array of each type and reads their elements back in order.
struct ArrayRoundTrip: Statement {
    static let name: StaticString = "array_round_trip"
    static let sql: StaticString = """
        select int2, int4, int8, flag, body, bytes, id, at
        from unnest($1::int2[], $2::int4[], $3::int8[], $4::bool[], $5::text[], $6::bytea[],
            $7::uuid[], $8::timestamptz[])
            with ordinality as list (int2, int4, int8, flag, body, bytes, id, at, place)
        order by place
        """
    let values: [EveryType]

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt16s(values) { $0.int16 }
        parameters.addInt32s(values) { $0.int32 }
        parameters.addInt64s(values) { $0.int64 }
        parameters.addBools(values) { $0.flag }
        parameters.addTexts(values) { $0.text }
        parameters.addBytes(values) { $0.bytes }
        parameters.addUUIDs(values) { value in value.uuid.map { ($0.high, $0.low) } }
        parameters.addTimestamps(values) { $0.time?.value }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> EveryType {
        try EveryType.read(&row)
    }
}
