import Glibc

@testable import FastCGI

extension FuzzTarget {
    /// Records as no web server sends them: first the examination of every record, then libfcgi with
    /// what has passed, which must never end the process.
    static let fastCGI = FuzzTarget(
        name: "fastcgi",
        seeds: [request(), request(body: Array(#"{"results":[]}"#.utf8), padding: 3)],
        words: [
            "\u{1}\u{1}\0\u{1}\0\u{8}\0\0", "\u{1}\u{4}\0\u{1}", "\u{1}\u{5}\0\u{1}",
            "\u{1}\u{9}\0\0", "CONTENT_LENGTH", "HTTP_COOKIE", "\0\0\0\0",
        ],
        check: { input in
            let limit = 4096
            let (progress, whole) = collect([input[...]], limit)
            // The same however the peer's packets were cut.
            let (cutProgress, cut) = collect(pieces(of: input), limit)
            try FuzzFinding.unless(
                progress == cutProgress && (progress == .malformed || whole.head == cut.head)
                    && (progress == .malformed || whole.body == cut.body),
                "cut into pieces it is \(cutProgress), and \(progress) at once")
            try FuzzFinding.unless(
                whole.body.count <= limit && whole.head.count <= RequestCollector.headLimit,
                "it holds \(whole.head.count) and \(whole.body.count) bytes")
            guard progress == .complete || progress == .tooLarge else { return false }
            return try parse(whole.head)
        })

    private static func collect(
        _ parts: [ArraySlice<UInt8>], _ limit: Int
    ) -> (RequestCollector.Progress, RequestCollector) {
        var collector = RequestCollector(bodyLimit: limit)
        for part in parts {
            let progress = part.withUnsafeBytes { collector.append($0) }
            if progress != .incomplete {
                // What comes behind a whole request is refused, wherever it was cut.
                let isLast = part.endIndex == parts.last?.endIndex
                return (progress == .complete && !isLast ? .malformed : progress, collector)
            }
        }
        return (.incomplete, collector)
    }

    /// Pieces of 1, 2, 3, … bytes: cuts at most of the places there are.
    private static func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var rest = bytes[...]
        var parts: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            parts.append(rest.prefix(parts.count + 1))
            rest = rest.dropFirst(parts.count)
        }
        return parts
    }

    /// Gives a head to libfcgi, and reads what a handler reads.
    private static func parse(_ head: [UInt8]) throws -> Bool {
        guard Library.status == 0 else { throw FuzzFinding("FCGX_Init: \(Library.status)") }
        let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw FuzzFinding("open: \(errno)") }
        guard let request = LibraryRequest(head: head, descriptor: descriptor) else {
            // What the collector calls complete, libfcgi can read.
            throw FuzzFinding("libfcgi refuses a head that passed")
        }
        for name in ["REQUEST_METHOD", "CONTENT_LENGTH", "HTTP_COOKIE", "HTTP_X", ""] {
            _ = request.parameter(name)
        }
        request.abandon()
        close(descriptor)
        return true
    }

    /// A request as nginx sends it.
    private static func request(body: [UInt8] = [], padding: UInt8 = 0) -> [UInt8] {
        func record(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
            let count = content.count
            var bytes: [UInt8] = [
                1, kind, 0, 1, UInt8(count >> 8), UInt8(count & 0xFF), padding, 0,
            ]
            bytes += content
            bytes += [UInt8](repeating: 0, count: Int(padding))
            return bytes
        }
        let parameters: [(String, String)] = [
            ("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", "\(body.count)"),
            ("HTTP_COOKIE", "a=b"), ("HTTP_X", ""), ("HTTP_X", "twice"),
        ]
        var pairs: [UInt8] = []
        for (name, value) in parameters {
            pairs += [UInt8(name.utf8.count), UInt8(value.utf8.count)]
            pairs += Array(name.utf8)
            pairs += Array(value.utf8)
        }
        var bytes = record(1, [0, 1, 1, 0, 0, 0, 0, 0])
        bytes += record(4, pairs)
        bytes += record(4, [])
        if !body.isEmpty { bytes += record(5, body) }
        return bytes + record(5, [])
    }
}
