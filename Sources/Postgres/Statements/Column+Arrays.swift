/// Arrays of one dimension without NULLs; others throw `decode`, but for `int64s`.
///
/// Source: PostgreSQL, array_send in src/backend/utils/adt/arrayfuncs.c: dimensions, a flag for
/// NULLs, the elements' type, per dimension its length and lower bound, then each element's length
/// and bytes.
extension Column {
    /// An `int2[]`.
    package borrowing func int16s() throws(PostgresError) -> [Int16] {
        try elements(ofArray: 1005, size: 2) { array, offset in
            Int16(bigEndian: array.loadUnaligned(fromByteOffset: offset, as: Int16.self))
        }
    }

    /// An `int8[]` of one or two dimensions, one row after the other.
    package borrowing func int64s() throws(PostgresError) -> [Int64] {
        try elements(ofArray: 1016, size: 8, mostDimensions: 2) { array, offset in
            Int64(bigEndian: array.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        }
    }

    /// A `uuid[]`, each as its two halves, big-endian.
    package borrowing func uuids() throws(PostgresError) -> [(high: UInt64, low: UInt64)] {
        try elements(ofArray: 2951, size: 16) { array, offset in
            (
                UInt64(bigEndian: array.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
                UInt64(bigEndian: array.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            )
        }
    }

    private borrowing func elements<Value>(
        ofArray arrayType: UInt32, size: Int, mostDimensions: Int = 1,
        _ element: (_ array: UnsafeRawBufferPointer, _ offset: Int) -> Value
    ) throws(PostgresError) -> [Value] {
        guard type == arrayType, value.count >= 12 else {
            throw unreadable("type \(type) is not that array")
        }
        let array = value
        func word(_ offset: Int) -> Int {
            Int(Int32(bigEndian: array.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        // An empty array has no dimension at all.
        let dimensions = word(0)
        if dimensions == 0 { return [] }
        guard (1...mostDimensions).contains(dimensions), word(4) == 0 else {
            throw unreadable("an array with NULLs or more dimensions than \(mostDimensions)")
        }
        let head = 12 + 8 * dimensions
        guard array.count >= head else { throw unreadable("an array without its head") }
        // The bytes that are there bound the product.
        var count = 1
        for dimension in 0..<dimensions {
            let length = word(12 + 8 * dimension)
            guard length >= 0, length <= array.count else {
                throw unreadable("an array of \(array.count) bytes for \(length) elements")
            }
            count *= length
        }
        guard array.count == head + count * (4 + size) else {
            throw unreadable("an array of \(array.count) bytes for \(count) elements")
        }
        return (0..<count).map { element(array, head + $0 * (4 + size) + 4) }
    }
}
