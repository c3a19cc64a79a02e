import Foundation
import Testing

import TestSupport
@testable import FastCGI

@Suite("Collecting a request")
struct CollectorTests {
    /// A request with everything that may be in one: lengths of one and four bytes, empty ones,
    /// pairs across records, and padding.
    static let request: [UInt8] = {
        let long = String(repeating: "x", count: 300)
        let pairs = Record.parameters([
            ("REQUEST_METHOD", "POST"), ("HTTP_COOKIE", long), ("E", ""), ("", ""),
        ]).content
        var bytes = Record.begin(keep: true).bytes
        for part in [pairs[..<20], pairs[20..<21], pairs[21...]] {
            bytes += padded(Record(.parameters, Array(part)))
        }
        bytes += Record(.parameters).bytes
        bytes += padded(Record(.input, Array(long.utf8))) + Record(.input, [1, 2, 3]).bytes
        return bytes + padded(Record(.input))
    }()

    private static func padded(_ record: Record) -> [UInt8] {
        var bytes = record.bytes
        bytes[6] = 5
        return bytes + [9, 9, 9, 9, 9]
    }

    private static func collect(
        _ parts: [ArraySlice<UInt8>], into collector: inout RequestCollector
    ) -> RequestCollector.Progress {
        for (index, part) in parts.enumerated() {
            let progress = part.withUnsafeBytes { collector.append($0) }
            guard progress == .incomplete, index < parts.count - 1 else { return progress }
        }
        return .incomplete
    }

    /// The bytes in random pieces.
    static func pieces(
        _ bytes: [UInt8], most: Int, using random: inout MalformedTests.Seeded
    ) -> [ArraySlice<UInt8>] {
        var rest = bytes[...]
        var parts = [ArraySlice<UInt8>]()
        while !rest.isEmpty {
            parts.append(rest.prefix(Int.random(in: 1...most, using: &random)))
            rest = rest.dropFirst(parts.last?.count ?? 0)
        }
        return parts
    }

    @Test("a request is the same however it is split", arguments: 0..<50)
    func cuts(seed: UInt64) {
        var random = MalformedTests.Seeded(state: seed)
        var whole = RequestCollector(bodyLimit: 400)
        #expect(Self.collect([Self.request[...]], into: &whole) == .complete)
        #expect(whole.body.count == 303)
        var cut = RequestCollector(bodyLimit: 400)
        let most = seed == 0 ? 1 : Int.random(in: 1...400, using: &random)
        let parts = Self.pieces(Self.request, most: most, using: &random)
        #expect(Self.collect(parts, into: &cut) == .complete)
        #expect(cut.head == whole.head)
        #expect(cut.body == whole.body)
    }

    @Test("a request is complete with its last byte and not before; one more is too many")
    func ends() {
        for count in 0..<Self.request.count {
            var collector = RequestCollector(bodyLimit: 400)
            #expect(Self.collect([Self.request[..<count]], into: &collector) == .incomplete)
            #expect(collector.isEmpty == (count == 0))
        }
        var collector = RequestCollector(bodyLimit: 400)
        let more = Self.request + [1]
        #expect(Self.collect([more[...]], into: &collector) == .malformed)
    }

    @Test("a body beyond the limit is dropped")
    func tooLarge() {
        var collector = RequestCollector(bodyLimit: 302)
        #expect(Self.collect([Self.request[...]], into: &collector) == .tooLarge)
        #expect(collector.body.isEmpty)
        #expect(collector.input == .tooLarge)
    }

    static let foul: [(name: String, bytes: [UInt8])] = [
        ("version", [2, 1, 0, 1, 0, 8, 0, 0]),
        ("id 0", [1, 1, 0, 0, 0, 8, 0, 0]),
        ("no beginning", Record(.parameters).bytes),
        ("a short beginning", Record(.begin, [0, 1]).bytes),
        ("two beginnings", Record.begin(keep: true).bytes + Record.begin(keep: true).bytes),
        ("another id", Record.begin(keep: true).bytes + Record(.parameters, requestID: 2).bytes),
        ("input first", Record.begin(keep: true).bytes + Record(.input).bytes),
        ("a management record", Record.begin(keep: true).bytes + Record(.getValues).bytes),
        ("an abort", Record.begin(keep: true).bytes + [1, 2, 0, 1, 0, 0, 0, 0]),
        (
            "a pair that does not end",
            Record.begin(keep: true).bytes + Record(.parameters, [5, 5, 65]).bytes
                + Record(.parameters).bytes
        ),
        (
            "a length that does not end",
            Record.begin(keep: true).bytes + Record(.parameters, [0x80, 0]).bytes
                + Record(.parameters).bytes
        ),
        (
            "a name of two gigabytes",
            Record.begin(keep: true).bytes + Record(.parameters, [0xFF, 0xFF]).bytes
                + Record(.parameters, [0xFF, 0xFF, 1]).bytes
        ),
        (
            "a value of a gigabyte",
            Record.begin(keep: true).bytes + Record(.parameters, [1, 0xC0, 0, 0, 0, 65]).bytes
        ),
        (
            "parameters without end",
            Record.begin(keep: true).bytes
                + Array(
                    repeatElement(
                        Record.parameters([("A", String(repeating: "b", count: 60_000))]).bytes,
                        count: 5
                    ).joined())
        ),
        ("parameters behind their end", TestRequest().head + Record(.parameters).bytes),
    ]

    @Test("what no web server sends is malformed, whole and byte by byte", arguments: foul.indices)
    func malformed(index: Int) {
        let (name, bytes) = Self.foul[index]
        var whole = RequestCollector(bodyLimit: 400)
        #expect(Self.collect([bytes[...]], into: &whole) == .malformed, "\(name)")
        var cut = RequestCollector(bodyLimit: 400)
        let parts = bytes.indices.map { bytes[$0...$0] }
        let failure = parts.lazy.map { part in part.withUnsafeBytes { cut.append($0) } }
            .first { $0 != .incomplete }
        #expect(failure == .malformed, "\(name)")
    }
}
