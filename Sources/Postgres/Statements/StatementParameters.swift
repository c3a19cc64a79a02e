import CPostgres

/// The parameters of one statement in PostgreSQL's binary form, in the order in which they are
/// added.
///
/// A connection has one and reuses its memory. One thread at a time.
/// Source: PostgreSQL, the `*_send` and `*_recv` functions of each type.
// Without this attribute, callers in other modules do not get the array loops specialised, and an
// element costs 50 ns instead of 1.
@usableFromInline
package struct StatementParameters: ~Copyable {
    @usableFromInline var buffer = ParameterBuffer()
    /// Where each value begins; -1 for NULL.
    @usableFromInline var offsets: [Int] = []
    @usableFromInline var lengths: [Int32] = []
    @usableFromInline var types: [UInt32] = []

    /// No parameters yet.
    package init() {}

    /// Forgets all parameters and keeps the memory.
    package mutating func removeAll() {
        buffer.count = 0
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
    }

    /// How many parameters have been added.
    package var count: Int { offsets.count }

    /// Adds an `int2`, or NULL.
    package mutating func add(_ value: Int16?) { addInteger(value, .int2) }

    /// Adds an `int4`, or NULL.
    package mutating func add(_ value: Int32?) { addInteger(value, .int4) }

    /// Adds an `int8`, or NULL.
    package mutating func add(_ value: Int64?) { addInteger(value, .int8) }

    /// Adds a `bool`, or NULL.
    package mutating func add(_ value: Bool?) {
        addInteger(value.map { $0 ? 1 as UInt8 : 0 }, .bool)
    }

    /// Adds a `text`, or NULL.
    package mutating func add(_ value: String?) {
        guard var value else { return addNull(.text) }
        value.withUTF8 { addBytes(UnsafeRawBufferPointer($0), .text) }
    }

    /// Adds a `bytea`, or NULL.
    package mutating func add(bytes value: [UInt8]?) {
        guard let value else { return addNull(.bytea) }
        value.withUnsafeBytes { addBytes($0, .bytea) }
    }

    /// Adds a `uuid`, or NULL.
    ///
    /// - Parameter value: its two halves, big-endian.
    package mutating func add(uuid value: (high: UInt64, low: UInt64)?) {
        guard let value else { return addNull(.uuid) }
        begin(ParameterType.uuid.identifier)
        buffer.reserve(16)
        buffer.writeReserved(value.high)
        buffer.writeReserved(value.low)
        end()
    }

    /// Adds a `timestamptz`, or NULL.
    ///
    /// - Parameter value: microseconds since 1970; `Int64.max` and `.min` are the infinities. A
    ///   time before 4714 BC is refused by the server as bad data.
    package mutating func add(timestamp value: Int64?) {
        addInteger(value.map { PostgresEpoch.encode($0) }, .timestamptz)
    }

    private mutating func addInteger(
        _ value: (some FixedWidthInteger & BitwiseCopyable)?, _ type: ParameterType
    ) {
        guard let value else { return addNull(type) }
        begin(type.identifier)
        buffer.reserve(8)
        buffer.writeReserved(value)
        end()
    }

    private mutating func addBytes(_ bytes: UnsafeRawBufferPointer, _ type: ParameterType) {
        begin(type.identifier)
        buffer.reserve(bytes.count)
        buffer.writeReserved(bytes)
        end()
    }

    private mutating func addNull(_ type: ParameterType) {
        offsets.append(-1)
        lengths.append(0)
        types.append(type.identifier)
    }

    @usableFromInline
    mutating func begin(_ type: UInt32) {
        offsets.append(buffer.count)
        types.append(type)
    }

    @usableFromInline
    mutating func end() {
        lengths.append(Int32(buffer.count - offsets[lengths.count]))
    }
}

extension StatementParameters {
    /// Lends the parameters in the form that libpq takes.
    borrowing func withPointers<Result>(
        _ body: (
            _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        let base = buffer.base
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) {
            values in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { formats in
                formats.initialize(repeating: 1)
                for (index, offset) in offsets.enumerated() {
                    let value = offset < 0 ? nil : UnsafeRawPointer(base + offset)
                    values.initializeElement(
                        at: index, to: value?.assumingMemoryBound(to: CChar.self))
                }
                return lengths.withUnsafeBufferPointer {
                    body(values.baseAddress, $0.baseAddress, formats.baseAddress)
                }
            }
        }
    }
}

/// PostgreSQL counts microseconds from the year 2000.
@usableFromInline
enum PostgresEpoch {
    /// Microseconds from 1970-01-01 to 2000-01-01.
    @usableFromInline static var offset: Int64 { 946_684_800_000_000 }

    /// Microseconds since 1970 to PostgreSQL's; the extremes are the infinities in both.
    @inlinable
    static func encode(_ microseconds: Int64) -> Int64 {
        if microseconds == .max { return .max }
        if microseconds == .min { return .min }
        let (result, overflow) = microseconds.subtractingReportingOverflow(offset)
        // Still far out of the server's range, but not an infinity.
        return overflow ? .min + 1 : result
    }

    /// PostgreSQL's microseconds to those since 1970.
    static func decode(_ microseconds: Int64) -> Int64 {
        let (result, overflow) = microseconds.addingReportingOverflow(offset)
        return microseconds == .min ? .min : overflow ? .max : result
    }
}
