import Glibc

/// Finds the reports in a stream's answer, without reading its events one by one: thousands of streams
/// are read in a build without optimization.
struct StreamScanner {
    private let marker: [UInt8]
    private var raw: [UInt8] = []
    /// Lines that are not complete yet.
    private var text: [UInt8] = []
    private var isInBody = false
    /// Of the answer; nil before its head.
    private(set) var status: Int?
    /// Whether the first event has come.
    private(set) var hasBegun = false
    /// Whether a reset has come.
    private(set) var isReset = false
    /// Whether the answer has ended as it should.
    private(set) var hasEnded = false

    /// - Parameter prefix: of the providers' names of messages; a number follows, and nothing else.
    init(prefix: String) {
        marker = Array(#""provider_message_id":"\#(prefix)"#.utf8)
    }

    /// Takes what has come, and gives the number of each report in it.
    mutating func add(_ bytes: UnsafeRawBufferPointer, _ found: (Int) -> Void) {
        raw.append(contentsOf: bytes)
        guard isInBody || takeHead() else { return }
        unchunk()
        let seen = text.withUnsafeBytes { bytes -> (count: Int, begins: Bool, resets: Bool) in
            // Nearly always the very last byte.
            guard let last = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
                return (0, false, false)
            }
            let count = last + 1
            let lines = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            Self.scan(lines, marker, found)
            return (
                count, Self.find(Self.stateLine, in: lines) != nil,
                Self.find(Self.resetLine, in: lines) != nil
            )
        }
        text.removeFirst(seen.count)
        if seen.begins { hasBegun = true }
        if seen.resets { isReset = true }
    }

    private static let stateLine = Array("event: state\n".utf8)
    private static let resetLine = Array("event: reset\n".utf8)
    private static let gap = Array("\r\n\r\n".utf8)

    private mutating func takeHead() -> Bool {
        let head = raw.withUnsafeBytes { bytes -> (status: Int, count: Int)? in
            guard let end = Self.find(Self.gap, in: bytes) else { return nil }
            // "HTTP/1.1 200".
            let digits = String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self)
            return (Int(digits) ?? 0, end + Self.gap.count)
        }
        guard let head else { return false }
        status = head.status
        raw.removeFirst(head.count)
        isInBody = true
        return true
    }

    /// Moves whole chunks to the text.
    private mutating func unchunk() {
        var start = 0
        var isLast = false
        var lines: [UInt8] = []
        raw.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            while let line = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start) {
                let end = UnsafeRawPointer(line) - base + 1
                let size = strtol((base + start).assumingMemoryBound(to: CChar.self), nil, 16)
                guard bytes.count >= end + size + 2 else { break }
                isLast = isLast || size == 0
                lines.append(contentsOf: bytes[end..<(end + size)])
                start = end + size + 2
            }
        }
        raw.removeFirst(start)
        text.append(contentsOf: lines)
        if isLast { hasEnded = true }
    }

    private static func scan(
        _ lines: UnsafeRawBufferPointer, _ marker: [UInt8], _ found: (Int) -> Void
    ) {
        var rest = lines
        while let place = find(marker, in: rest) {
            var number = 0
            var next = place + marker.count
            while next < rest.count, (48...57).contains(rest[next]) {
                number = number * 10 + Int(rest[next]) - 48
                next += 1
            }
            found(number)
            rest = UnsafeRawBufferPointer(rebasing: rest[next...])
        }
    }

    private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var start = 0
        while bytes.count - start >= needle.count,
            let place = memchr(
                base + start, Int32(needle[0]), bytes.count - start - needle.count + 1)
        {
            if memcmp(place, needle, needle.count) == 0 { return UnsafeRawPointer(place) - base }
            start = UnsafeRawPointer(place) - base + 1
        }
        return nil
    }
}
