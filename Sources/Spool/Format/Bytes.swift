/// Writes numbers in little-endian order.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func add<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A length of four bytes, then the bytes themselves.
    mutating func add(counted part: some Collection<UInt8>) {
        add(UInt32(truncatingIfNeeded: part.count))
        bytes.append(contentsOf: part)
    }

    /// Replaces a number that is there already.
    mutating func put(_ number: UInt32, at offset: Int) {
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt32(index * 8))
        }
    }
}

/// Reads what `ByteWriter` wrote; nil once the bytes are too few.
struct ByteScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func next<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.endIndex - position >= size else { return nil }
        var number: Number = 0
        for index in (0..<size).reversed() {
            number = number << 8 | Number(truncatingIfNeeded: bytes[position + index])
        }
        position += size
        return number
    }

    mutating func nextCounted() -> ArraySlice<UInt8>? {
        guard let count = next(UInt32.self), bytes.endIndex - position >= Int(count) else {
            return nil
        }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }
}
