import Domain
import Synchronization

@testable import Spool

extension FuzzTarget {
    /// A segment's file in any state: every byte is a frame's, damaged, or of a torn tail, and reading ends.
    ///
    /// The first byte says whether the frames' checksums are made right again, so that what is
    /// behind them is reached too.
    static let spoolSegment = FuzzTarget(
        name: "spool-segment",
        seeds: [[0] + segment, [1] + segment, [1] + segment + [UInt8](repeating: 0, count: 64)],
        words: ["WBSPOOL1", "\0\0\0\0", "\u{7F}\u{7F}\u{7F}\u{7F}", "\u{1}\0\0\0", "\u{2}\0\0\0"],
        check: { input in
            let isMended = (input.first ?? 0) & 1 == 1
            let bytes = isMended ? mended(Array(input.dropFirst())) : Array(input.dropFirst())
            var reader = try SegmentReader(BytesFile(bytes), SegmentName("\(name)"))
            var position = 0
            var isAccepted = false
            while let finding = try reader.next() {
                let part: Range<Int>
                switch finding {
                case .frame(let records, let end):
                    part = position..<end
                    isAccepted = isAccepted || !records.isEmpty
                case .damage(let range), .tornTail(let range): part = range
                }
                try FuzzFinding.unless(
                    part.lowerBound == position && !part.isEmpty
                        && part.upperBound <= bytes.count + FrameHeader.alignment,
                    "from \(position) it reads \(part) of \(bytes.count)")
                position = part.upperBound
            }
            return isAccepted
        })

    /// One record: read and written again it is the same.
    static let spoolRecord = FuzzTarget(
        name: "spool-record", seeds: samples.map { $0.encoded() },
        words: ["\0\0\0\0", "\u{1}\0\0\0", "\u{7F}\u{7F}\u{7F}\u{7F}", ":path: /x", "\n"],
        check: { input in
            guard let record = SpoolRecord(input[...], providers: [7: provider]) else {
                return false
            }
            // Texts that were no UTF-8 and unknown providers come back as what they were read as.
            let again = SpoolRecord(record.encoded()[...], providers: [7: provider])
            try FuzzFinding.unless(again == record, "written again it is another one")
            return true
        })

    private static let provider = Provider(code: 7, name: "sample", messageNames: .itsOwn)
    private static let name = "0006503c5a1f2b40-9f86d081884c7d65.segment"

    private static let samples: [SpoolRecord] = {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        func callback(_ number: UInt64) -> ReceivedCallback {
            ReceivedCallback(
                id: CallbackID(high: number, low: 1), provider: provider, uri: "/callbacks/sample",
                contentType: number % 2 == 0 ? "application/json" : nil,
                message: number % 3 == 0 ? MessageID(high: number, low: 2) : nil,
                receivedAt: time, body: Array("{\"number\":\(number)}".utf8))
        }
        let reject = Reject(
            reason: "bad_time", place: "results[0]", detail: "None.", excerpt: [1, 2, 3])
        return [
            SpoolRecord(Submission(callback: callback(2), reports: [], rejects: [])),
            SpoolRecord(
                Submission(
                    callback: callback(3), reports: [], rejects: [reject],
                    credentials: CallbackCredentials(text: ":path: /x\nAuthorization: Basic eA=="))),
        ]
    }()

    private static let segment: [UInt8] = {
        guard let id = SegmentName(name)?.id else { preconditionFailure("a segment's name") }
        var bytes: [UInt8] = []
        for (number, record) in samples.enumerated() {
            bytes += FrameHeader.frame(
                [record.encoded()], .records, sequence: UInt64(number), offset: bytes.count,
                segment: id)
        }
        return bytes
            + FrameHeader.frame([], .end, sequence: 2, offset: bytes.count, segment: id)
    }()

    /// The bytes with right checksums in all places that look like frames.
    private static func mended(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(bytes: bytes)
        for place in stride(from: 0, to: bytes.count, by: FrameHeader.alignment) {
            guard let header = FrameHeader(writer.bytes[place...]),
                bytes.count - place >= FrameHeader.size + header.length
            else { continue }
            let frame = Array(writer.bytes[place..<place + FrameHeader.size + header.length])
            writer.put(FrameHeader.checksum(of: frame[...]), at: place + 12)
        }
        return writer.bytes
    }
}

/// A file in memory.
private final class BytesFile: SpoolFile {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func size() throws(SpoolError) -> Int { bytes.count }
    func write(_: [UInt8], at _: Int) throws(SpoolError) { throw .system("write", 30) }
    func sync() throws(SpoolError) {}

    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
        Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
    }
}
