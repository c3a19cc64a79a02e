/// The first 48 bytes of a frame, which is the unit that is written and synced at once.
///
/// Little-endian: magic (8), length of the body (4), checksum (4), number in the segment (8), where
/// the durable part of the segment ended before it (8), the segment's id (8), records in the body
/// (4), kind (4). The checksum covers all of it but itself, and the body. Frames begin at multiples
/// of eight; zeros fill the gap. A frame is written behind what is durable, so the offset is its own
/// place: with the segment's id it tells a frame from a copy of one inside a callback's body.
struct FrameHeader: Equatable {
    /// What a frame is for.
    enum Kind: UInt32 {
        case records = 1
        /// The last one of a segment that was closed in order, without records: behind it, a bad
        /// frame is no torn tail.
        case end = 2
    }

    static let magic: UInt64 = 0x314C_4F4F_5053_4257  // "WBSPOOL1"
    static let size = 48
    static let alignment = 8
    /// Much more than any frame; a bound for reading.
    static let mostBytes = 256 << 20

    let length: Int
    let checksum: UInt32
    let sequence: UInt64
    let offset: Int
    let segment: UInt64
    let records: Int
    let kind: Kind

    /// What the frame takes in the file.
    var frameSize: Int { Self.rounded(Self.size + length) }

    static func rounded(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }

    /// Reads a header; nil if the bytes cannot be one. The checksum is not compared.
    init?(_ bytes: ArraySlice<UInt8>) {
        var scanner = ByteScanner(bytes)
        guard scanner.next(UInt64.self) == Self.magic, let length = scanner.next(UInt32.self),
            let checksum = scanner.next(UInt32.self), let sequence = scanner.next(UInt64.self),
            let offset = scanner.next(UInt64.self), let segment = scanner.next(UInt64.self),
            let records = scanner.next(UInt32.self),
            let kind = scanner.next(UInt32.self).flatMap(Kind.init(rawValue:)),
            length <= Self.mostBytes
        else { return nil }
        self.length = Int(length)
        self.checksum = checksum
        self.sequence = sequence
        self.offset = Int(truncatingIfNeeded: offset)
        self.segment = segment
        self.records = Int(records)
        self.kind = kind
    }

    /// A whole frame.
    ///
    /// - Parameters:
    ///   - records: encoded.
    ///   - kind: what for.
    ///   - sequence: from 0 in each segment.
    ///   - offset: where it will be written.
    ///   - segment: whose.
    /// - Returns: its bytes, and zeros up to a multiple of eight.
    static func frame(
        _ records: [[UInt8]], _ kind: Kind, sequence: UInt64, offset: Int, segment: UInt64
    ) -> [UInt8] {
        let length = records.reduce(0) { $0 + 4 + $1.count }
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(rounded(size + length))
        writer.add(magic)
        writer.add(UInt32(truncatingIfNeeded: length))
        writer.add(UInt32(0))
        writer.add(sequence)
        writer.add(UInt64(offset))
        writer.add(segment)
        writer.add(UInt32(truncatingIfNeeded: records.count))
        writer.add(kind.rawValue)
        for record in records { writer.add(counted: record) }
        writer.put(checksum(of: writer.bytes[...]), at: 12)
        let padding = rounded(writer.bytes.count) - writer.bytes.count
        writer.bytes.append(contentsOf: repeatElement(0, count: padding))
        return writer.bytes
    }

    /// The checksum of a header and its body, without the field that holds it.
    static func checksum(of frame: ArraySlice<UInt8>) -> UInt32 {
        frame.withUnsafeBytes { bytes in
            var checksum = Checksum()
            checksum.add(UnsafeRawBufferPointer(rebasing: bytes[..<12]))
            checksum.add(UnsafeRawBufferPointer(rebasing: bytes[16...]))
            return checksum.value
        }
    }
}
