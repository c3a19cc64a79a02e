/// CRC-32C (Castagnoli), eight bytes a step.
///
/// The processor's own instruction cannot be reached without C. Source: RFC 3720, appendix B.4;
/// Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation".
package struct Checksum {
    private var remainder: UInt32 = ~0

    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~remainder }

    /// Adds bytes behind those so far.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        remainder = Self.tables.withUnsafeBufferPointer { table in
            var crc = remainder
            var offset = 0
            // Unchecked arithmetic: every index is a byte and a table's number.
            while offset &+ 8 <= bytes.count {
                let word =
                    UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    ^ UInt64(crc)
                crc =
                    table[1792 &+ Int(word & 0xFF)] ^ table[1536 &+ Int(word >> 8 & 0xFF)]
                    ^ table[1280 &+ Int(word >> 16 & 0xFF)] ^ table[1024 &+ Int(word >> 24 & 0xFF)]
                crc ^=
                    table[768 &+ Int(word >> 32 & 0xFF)] ^ table[512 &+ Int(word >> 40 & 0xFF)]
                    ^ table[256 &+ Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
                offset &+= 8
            }
            while offset < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
                offset &+= 1
            }
            return crc
        }
    }

    /// The checksum of some bytes.
    package static func of(_ bytes: [UInt8]) -> UInt32 {
        var checksum = Checksum()
        bytes.withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }

    /// Eight tables of 256: the n-th advances a byte over n more bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 2048)
        for byte in 0..<256 {
            tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in
                crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78
            }
        }
        for index in 256..<2048 {
            let last = tables[index - 256]
            tables[index] = last >> 8 ^ tables[Int(last & 0xFF)]
        }
        return tables
    }()
}
