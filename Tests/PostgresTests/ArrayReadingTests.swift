import Postgres
import TestSupport
import Testing

@Suite("Arrays that are read", .blocking)
struct ArrayReadingTests {
    /// Sends uuids there and back, with their places.
    private struct EchoArrays: Statement {
        let values: [(high: UInt64, low: UInt64)]

        static let name: StaticString = "echo_arrays"
        static let sql: StaticString = "select $1::uuid[], $2::int2[]"

        func encode(into parameters: inout StatementParameters) {
            parameters.addUUIDs(values) { $0 }
            parameters.addInt16s(values.indices) { Int16(truncatingIfNeeded: $0) }
        }

        static func decode(
            _ row: inout RowReader
        ) throws(PostgresError) -> (uuids: [(high: UInt64, low: UInt64)], numbers: [Int16]) {
            (try row.next(UUIDList.self).values, try row.next(Int16List.self).values)
        }
    }

    private struct UUIDList: ColumnValue {
        let values: [(high: UInt64, low: UInt64)]

        init(_ column: borrowing Column) throws(PostgresError) { values = try column.uuids() }
    }

    private struct Int16List: ColumnValue {
        let values: [Int16]

        init(_ column: borrowing Column) throws(PostgresError) { values = try column.int16s() }
    }

    /// Reads one array that is not what is asked for.
    private struct OtherArray: Statement {
        let number: Int16

        static let name: StaticString = "other_array"
        static let sql: StaticString = """
            select case $1::int2
                when 1 then array[1, null]::int2[] when 2 then array[[1], [2]]::int2[] end
            """

        func encode(into parameters: inout StatementParameters) { parameters.add(number) }

        static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int16] {
            try row.next(Int16List.self).values
        }
    }

    /// Reads an array of another type.
    private struct OtherType: Statement {
        static let name: StaticString = "other_type"
        static let sql: StaticString = "select array[1]::int4[]"

        static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int16] {
            try row.next(Int16List.self).values
        }
    }

    @Test("they come back as they were sent", arguments: [0, 1, 2, 500])
    func comeBack(count: Int) throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        let values = (0..<count).map { _ in
            (high: UInt64.random(in: 0 ... .max), low: UInt64.random(in: 0 ... .max))
        }
        let row = try #require(try connection.execute(EchoArrays(values: values)).first)
        #expect(row.uuids.elementsEqual(values, by: ==))
        #expect(row.numbers == values.indices.map { Int16($0) })
    }

    @Test("NULL, NULLs in them, more dimensions and other types are errors")
    func others() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        for number in 1...3 as ClosedRange<Int16> {
            let error = #expect(throws: PostgresError.self) {
                try connection.execute(OtherArray(number: number))
            }
            #expect(error?.code == .decode)
        }
        let error = #expect(throws: PostgresError.self) { try connection.execute(OtherType()) }
        #expect(error?.code == .decode)
    }
}
