import Domain
import Synchronization
import TestSupport
import Testing

@testable import Spool

/// A file in memory, for the many states that a file can be in.
private final class MemoryFile: SpoolFile {
    private let bytes: Mutex<[UInt8]>

    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }

    func size() throws(SpoolError) -> Int { bytes.withLock { $0.count } }

    func write(_ new: [UInt8], at offset: Int) throws(SpoolError) {
        bytes.withLock { $0.replaceSubrange(offset..<offset + new.count, with: new) }
    }

    func sync() throws(SpoolError) {}

    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
        bytes.withLock { bytes in
            Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
        }
    }
}

/// A small segment of some groups, and where each frame is.
private struct Sample {
    let name = SegmentName(at: Timestamp(microseconds: 1))
    var bytes: [UInt8] = []
    /// Of the frames with records.
    var frames: [Range<Int>] = []
    var records: [[[UInt8]]] = []
    /// Up to where anything was written.
    let end: Int

    /// Three groups; `isFinished` if it was closed in order.
    init(isFinished: Bool, tail: Int = 64) {
        for group in 0..<3 {
            let records = (0...group).map { SpoolRecord(.sample(group * 10 + $0)).encoded() }
            let frame = FrameHeader.frame(
                records, .records, sequence: UInt64(group), offset: bytes.count, segment: name.id)
            frames.append(bytes.count..<bytes.count + frame.count)
            self.records.append(records)
            bytes += frame
        }
        if isFinished {
            bytes += FrameHeader.frame(
                [], .end, sequence: 3, offset: bytes.count, segment: name.id)
        }
        end = bytes.count
        bytes += [UInt8](repeating: 0, count: tail)
    }

    /// The groups found, the damaged and the torn bytes.
    func read(
        _ bytes: [UInt8], named: Bool = true
    ) throws -> (groups: [[[UInt8]]], damage: [Range<Int>], torn: Range<Int>?) {
        var reader = try SegmentReader(MemoryFile(bytes), named ? name : nil)
        var groups: [[[UInt8]]] = []
        var damage: [Range<Int>] = []
        var torn: Range<Int>?
        while let finding = try reader.next() {
            switch finding {
            case .frame(let records, _):
                if !records.isEmpty { groups.append(records.map(Array.init)) }
            case .damage(let range): damage.append(range)
            case .tornTail(let range): torn = range
            }
        }
        return (groups, damage, torn)
    }
}

@Suite("Reading a segment in any state")
struct SegmentReaderTests {
    @Test("A whole segment gives all groups in order", arguments: [true, false], [true, false])
    func whole(isFinished: Bool, isNamed: Bool) throws {
        let sample = Sample(isFinished: isFinished)
        let found = try sample.read(sample.bytes, named: isNamed)
        #expect(found.groups == sample.records)
        #expect(found.damage.isEmpty && found.torn == nil)
    }

    @Test("Cut anywhere, it gives every group before the cut and a torn tail at most")
    func truncated() throws {
        let sample = Sample(isFinished: false)
        for length in 0...sample.bytes.count {
            let found = try sample.read(Array(sample.bytes[..<length]))
            // The gap behind a frame may be missing.
            let whole = sample.frames.indices.filter { index in
                let frame = sample.frames[index]
                let body = sample.records[index].reduce(FrameHeader.size) { $0 + 4 + $1.count }
                return frame.lowerBound + body <= length
            }
            #expect(found.groups == whole.map { sample.records[$0] }, "\(length) bytes")
            #expect(found.damage.isEmpty, "\(length) bytes")
        }
    }

    @Test("Zeros from anywhere on, as a lost page leaves them, are a torn tail at most")
    func zeroed() throws {
        let sample = Sample(isFinished: false)
        for start in 0..<sample.end {
            var bytes = sample.bytes
            for index in start..<bytes.count { bytes[index] = 0 }
            let found = try sample.read(bytes)
            let count = sample.frames.count { $0.upperBound <= start }
            #expect(found.groups.starts(with: sample.records[..<count]), "from \(start)")
            #expect(found.damage.isEmpty, "from \(start)")
        }
    }

    @Test("A flipped bit costs one group: damage before a good one, a torn tail at the end")
    func flipped() throws {
        let sample = Sample(isFinished: false)
        for index in 0..<sample.end {
            for bit in 0..<8 {
                var bytes = sample.bytes
                bytes[index] ^= 1 << UInt8(bit)
                let found = try sample.read(bytes)
                let hit = try #require(sample.frames.firstIndex { $0.contains(index) })
                var others = sample.records
                others.remove(at: hit)
                // A bit of the gap behind a frame is of no frame.
                if found.groups == sample.records {
                    #expect(index >= sample.frames[hit].upperBound - 7, "\(index) \(bit)")
                    continue
                }
                #expect(found.groups == others, "\(index) \(bit)")
                if hit == sample.frames.count - 1 {
                    #expect(found.damage.isEmpty)
                    #expect(found.torn?.lowerBound == sample.frames[hit].lowerBound)
                } else {
                    #expect(found.damage == [sample.frames[hit]] && found.torn == nil)
                }
            }
        }
    }

    @Test("Behind the mark of the end, damage to the last group is damage")
    func finished() throws {
        let sample = Sample(isFinished: true)
        let last = try #require(sample.frames.last)
        for index in last.lowerBound..<last.upperBound - 7 {
            var bytes = sample.bytes
            bytes[index] ^= 0x40
            let found = try sample.read(bytes)
            #expect(found.groups == Array(sample.records.dropLast()), "\(index)")
            #expect(found.damage == [last], "\(index)")
        }
    }

    @Test("Damage across several groups costs those, and reading goes on behind them")
    func severalDamaged() throws {
        let sample = Sample(isFinished: true)
        var bytes = sample.bytes
        for index in sample.frames[0].lowerBound..<sample.frames[1].lowerBound + 60 {
            bytes[index] = 0xAA
        }
        let found = try sample.read(bytes)
        #expect(found.groups == [sample.records[2]])
        #expect(found.damage == [0..<sample.frames[2].lowerBound])
    }

    @Test("A copy of a frame inside a body is no frame, whatever is damaged before it")
    func embedded() throws {
        let name = SegmentName(at: Timestamp(microseconds: 1))
        let inner = FrameHeader.frame(
            [Array("inner".utf8)], .records, sequence: 0, offset: 0, segment: name.id)
        // At a place where the reader looks.
        let padding = [UInt8](repeating: 1, count: 8 - (FrameHeader.size + 4) % 8)
        var bytes = FrameHeader.frame(
            [padding + inner], .records, sequence: 0, offset: 0, segment: name.id)
        let place = try #require(
            stride(from: 8, to: bytes.count, by: 8).first {
                FrameHeader(bytes[$0...]) != nil
            })
        #expect(place > FrameHeader.size)
        bytes[20] ^= 1
        var reader = try SegmentReader(MemoryFile(bytes), name)
        #expect(try reader.next() == .tornTail(0..<bytes.count - trailingZeros(bytes)))
        #expect(try reader.next() == nil)
    }

    private func trailingZeros(_ bytes: [UInt8]) -> Int {
        bytes.reversed().prefix { $0 == 0 }.count
    }

    @Test("Any bytes at all are read to their end", arguments: UInt64(0)..<200)
    func garbage(seed: UInt64) throws {
        let sample = Sample(isFinished: seed % 2 == 0)
        var generator = SplitMix64(state: seed)
        var bytes = sample.bytes
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[index] = .random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(.random(in: 0...255, using: &generator), at: index)
            default:
                let frame = sample.frames[Int.random(in: 0..<3, using: &generator)]
                bytes.insert(contentsOf: sample.bytes[frame], at: index)
            }
        }
        let found = try sample.read(bytes)
        // Whatever is found was written.
        for group in found.groups { #expect(sample.records.contains(group)) }
    }
}

/// Records, one after the other.
@Suite("Records of the spool")
struct SpoolRecordTests {
    private let providers = [Provider.sample.code: Provider.sample]

    @Test("A record is read as it was written", arguments: 0..<12)
    func roundTrip(number: Int) throws {
        let record = SpoolRecord(.sample(number, bodyBytes: number * 100))
        #expect(SpoolRecord(record.encoded()[...], providers: providers) == record)
    }

    @Test("The rejects of a callback without reports are kept")
    func rejects() throws {
        let callback = sampleCallback(1)
        let rejects = [Reject.Cost.report, .field, .nothing].map {
            Reject(
                reason: "bad_time", place: "results[3]", detail: "It is none.",
                excerpt: callback.body, cost: $0)
        }
        let record = SpoolRecord(Submission(callback: callback, reports: [], rejects: rejects))
        let read = try #require(SpoolRecord(record.encoded()[...], providers: providers))
        #expect(read.rejects == rejects)
        #expect(read.callback == callback)
    }

    @Test("No part of a record is a record, and an unknown provider is shown by its number")
    func parts() throws {
        let bytes = SpoolRecord(.sample(6)).encoded()
        for length in 0..<bytes.count {
            #expect(SpoolRecord(bytes[..<length], providers: providers) == nil)
        }
        #expect(SpoolRecord((bytes + [0])[...], providers: providers) == nil)
        let unknown = try #require(SpoolRecord(bytes[...], providers: [:]))
        #expect(unknown.callback.provider.name == "provider-7")
    }
}
