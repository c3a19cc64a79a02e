/// Arrays of one dimension without NULLs; others throw `decode`.
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
        ofArray arrayType: UInt32, size: Int,
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
        if word(0) == 0 { return [] }
        guard word(0) == 1, word(4) == 0, array.count >= 20 else {
            throw unreadable("an array with NULLs or more dimensions than one")
        }
        let count = word(12)
        guard count >= 0, array.count == 20 + count * (4 + size) else {
            throw unreadable("an array of \(array.count) bytes for \(count) elements")
        }
        return (0..<count).map { element(array, 20 + $0 * (4 + size) + 4) }
    }
}
