import Postgres
import TestSupport
import Testing

@Suite("Parameters and rows in binary form", .blocking)
struct ParameterTests {
    private static let unrepresentable: [Int64] = [.min + 1, .min / 2, earliest - 1]
    private static let earliest: Int64 = -210_866_803_200_000_000  // 4714-11-24 BC
    private static let latest = Int64.max - 1  // 294247-01-10

    /// The extremes of each type: the server's first and last times and the infinities, texts and
    /// bytes that are empty, long or outside of ASCII; and NULL in each place.
    private static let values: [EveryType] = {
        let numbers: [Int64] = [0, 1, -1, .min, .max]
        let texts = [
            "", "a", "NULL", "{\"a\\b\"}", "Zürich 東京 👩‍👩‍👧", String(repeating: "é", count: 9000),
        ]
        let bytes: [[UInt8]] = [[], [0], Array(0...255), Array(repeating: 7, count: 70_000)]
        let uuids: [EveryType.UUIDHalves] = [
            .init(0, 0), .init(.max, .max), .init(0x0123_4567_89AB_7DEF, 0x8123_4567_89AB_CDEF),
        ]
        let times = [0, 1, -1, 946_684_800_000_000, earliest, latest, .min, .max]
        let rows = times.indices.map { index in
            EveryType(
                int16: Int16(clamping: numbers[index % 5]),
                int32: Int32(clamping: numbers[index % 5]), int64: numbers[index % 5],
                flag: index.isMultiple(of: 2), text: texts[index % 6], bytes: bytes[index % 4],
                uuid: uuids[index % 3], time: .init(times[index]))
        }
        return rows + [EveryType()]
    }()

    @Test("a value of each type comes back, and NULL")
    func roundTripsScalars() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        for value in Self.values {
            let rows = try connection.execute(ScalarRoundTrip(value: value)).rows
            #expect(rows == [value])
        }
    }

    @Test("an array of each type comes back: empty, with NULL at its ends, and long")
    func roundTripsArrays() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let null = EveryType()
        let many = (0..<2000).map { number -> EveryType in
            var value = Self.values[number % Self.values.count]
            // Seventy thousand bytes in each ninth row would only cost time.
            value.bytes = value.bytes.map { Array($0.prefix(256)) }
            return value
        }
        for list in [[], [null], Self.values, [null] + Self.values + [null], many] {
            let rows = try connection.execute(ArrayRoundTrip(values: list)).rows
            #expect(rows == list)
        }
    }

    @Test("the server reads the values as they were meant")
    func meansTheSame() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let seen = try connection.execute(Describe()).first
        #expect(
            seen == """
                2001-02-03 04:05:06.789012+00 01234567-89ab-7def-8123-456789abcdef \\x00ff -infinity
                """)
    }

    @Test(
        "a timestamp that PostgreSQL cannot hold is bad data, not another time",
        arguments: unrepresentable)
    func refusesTimestamps(microseconds: Int64) throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(ScalarRoundTrip(value: EveryType(time: .init(microseconds))))
        }
        #expect(error?.code == .data)
        #expect(error?.sqlState?.description == "22008")
    }

    @Test("a zero byte in a text is bad data, and the connection stays usable")
    func refusesZeroBytes() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(ScalarRoundTrip(value: EveryType(text: "a\0b")))
        }
        #expect(error?.isBadData == true)
        #expect(try connection.execute(Echo(value: 1)).first == 1)
    }

    @Test("a parameter of another type than the server expects is found before it is sent")
    func comparesTypes() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(WrongParameter())
        }
        #expect(error?.code == .protocolViolation)
        #expect(error?.isOutcomeUnknown == false)
    }

    @Test(
        "a column that is missing, NULL, unread or of another type is a decode error",
        arguments: 0...4 as ClosedRange<Int64>)
    func refusesColumns(kind: Int64) throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(Misread(kind: kind))
        }
        #expect(error?.code == .decode)
        #expect(error?.statement == "misread")
        #expect(try connection.execute(Echo(value: 1)).first == 1)
    }

    @Test("json, jsonb, varchar, names and enumerations are read as text")
    func readsTextualTypes() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        try connection.execute(script: "create type mood as enum ('glad', 'sad')")
        let rows = try connection.execute(Textual(mood: "sad")).rows
        #expect(rows == [["{\"a\": 1}", "{\"a\": 1}", "v", "n", "sad"]])
    }
}

/// Writes values of each kind and lets the server spell them.
private struct Describe: Statement {
    static let name: StaticString = "describe"
    static let sql: StaticString = """
        select concat_ws(' ', $1::timestamptz, $2::uuid, $3::bytea, $4::timestamptz)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: 981_173_106_789_012)
        parameters.add(uuid: (0x0123_4567_89AB_7DEF, 0x8123_4567_89AB_CDEF))
        parameters.add(bytes: [0, 255])
        parameters.add(timestamp: .min)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}

private struct WrongParameter: Statement {
    static let name: StaticString = "wrong_parameter"
    static let sql: StaticString = "select $1::timestamptz"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(5 as Int64)
    }
}

private struct Misread: Statement {
    static let name: StaticString = "misread"
    static let sql: StaticString = "select $1::int8, null::text, 1::int8, 1.5::numeric"
    let kind: Int64

    func encode(into parameters: inout StatementParameters) {
        parameters.add(kind)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        let kind = try row.next(Int64.self)
        if kind == 0 { return try row.next(String.self) }
        _ = try row.next(String?.self)
        if kind == 1 { return "\(try row.next(Int32.self))" }
        _ = try row.next(Int64.self)
        if kind == 2 { return try row.next(String.self) }
        if kind == 3 {
            row.skipRest()
            return try row.next(String.self)
        }
        return ""
    }
}

private struct Textual: Statement {
    static let name: StaticString = "textual"
    static let sql: StaticString = """
        select '{"a": 1}'::json, '{"a":1}'::jsonb, 'v'::varchar(9), 'n'::name, $1::mood
        """
    let mood: String

    func encode(into parameters: inout StatementParameters) {
        parameters.add(mood)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [String] {
        [
            try row.next(String.self), try row.next(String.self), try row.next(String.self),
            try row.next(String.self), try row.next(String.self),
        ]
    }
}
