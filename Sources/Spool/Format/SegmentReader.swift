import Domain

/// Reads a segment's frames in order, whatever state the file is in.
///
/// A bad frame with a good one behind it is damage, and reading goes on at the good one. A bad one
/// with nothing behind it is a torn tail: its fdatasync never returned, so nobody was told of it.
/// Holds one frame in memory. One thread.
struct SegmentReader {
    /// What comes next in the file.
    enum Finding: Equatable {
        /// A frame, with its records still encoded.
        case frame(records: [ArraySlice<UInt8>], end: Int)
        /// Bytes that are no frame, before one.
        case damage(Range<Int>)
        /// Bytes that are no frame, before nothing but zeros.
        case tornTail(Range<Int>)
    }

    private let file: any SpoolFile
    private let size: Int
    /// Nil until the first good frame if the name does not say it.
    private var segment: UInt64?
    private var offset = 0
    private var isAtEnd = false

    private static let window = 1 << 20

    /// - Parameters:
    ///   - file: of the segment.
    ///   - name: nil if the file was renamed.
    /// - Throws: when its size cannot be read.
    init(_ file: any SpoolFile, _ name: SegmentName?) throws(SpoolError) {
        self.file = file
        size = try file.size()
        segment = name?.id
    }

    /// The next finding; nil at the end of what was written.
    ///
    /// - Throws: when the disk cannot be read; then call again, or give up.
    mutating func next() throws(SpoolError) -> Finding? {
        if isAtEnd { return nil }
        if let (header, records) = try frame(at: offset) {
            segment = header.segment
            offset += header.frameSize
            return .frame(records: records, end: offset)
        }
        let start = offset
        let (good, lastByte) = try nextFrame(after: start)
        if let good {
            offset = good
            return .damage(start..<good)
        }
        isAtEnd = true
        return lastByte.map { .tornTail(start..<$0 + 1) }
    }

    /// The good frame at an offset, if there is one.
    private func frame(
        at offset: Int
    ) throws(SpoolError) -> (header: FrameHeader, records: [ArraySlice<UInt8>])? {
        guard size - offset >= FrameHeader.size else { return nil }
        let head = try file.read(FrameHeader.size, at: offset)
        guard let header = FrameHeader(head[...]), header.offset == offset,
            segment == nil || header.segment == segment,
            size - offset >= FrameHeader.size + header.length
        else { return nil }
        let frame = try file.read(FrameHeader.size + header.length, at: offset)
        guard frame.count == FrameHeader.size + header.length,
            FrameHeader(frame[...]) == header,
            FrameHeader.checksum(of: frame[...]) == header.checksum
        else { return nil }
        var scanner = ByteScanner(frame[FrameHeader.size...])
        var records: [ArraySlice<UInt8>] = []
        for _ in 0..<header.records {
            guard let record = scanner.nextCounted() else { return nil }
            records.append(record)
        }
        return scanner.isAtEnd ? (header, records) : nil
    }

    /// Where the next good frame begins, and the last byte that is not zero if there is none.
    private func nextFrame(
        after start: Int
    ) throws(SpoolError) -> (good: Int?, lastByte: Int?) {
        var lastByte: Int?
        var position = start
        while position < size {
            let bytes = try file.read(min(Self.window, size - position), at: position)
            if bytes.isEmpty { break }
            let places = Self.marks(in: bytes).map { position + $0 }.filter { $0 > start }
            for place in places where try frame(at: place) != nil {
                return (place, nil)
            }
            if let last = bytes.lastIndex(where: { $0 != 0 }) { lastByte = position + last }
            position += bytes.count
        }
        return (nil, lastByte)
    }

    /// The places where a frame may begin. `bytes` begin at a multiple of eight.
    private static func marks(in bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count - 7, by: FrameHeader.alignment).filter {
                UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                    == FrameHeader.magic
            }
        }
    }
}
