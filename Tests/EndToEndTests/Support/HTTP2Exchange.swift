import Foundation

/// One GET request in HTTP/2, with the answer's end as it came: as small as a test needs it.
///
/// Source: RFC 9113, and RFC 7541 for the two forms of header fields that it writes; the answer's
/// headers are not read.
final class HTTP2Exchange {
    enum End: Equatable {
        /// By END_STREAM.
        case proper
        /// By RST_STREAM.
        case reset
        /// The connection was closed.
        case closed
    }

    private enum Frame {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
    }

    private let connection: TLSConnection
    private var buffer: [UInt8] = []
    /// The body so far.
    private(set) var body: [UInt8] = []
    private(set) var end: End?

    /// Sends the request, with room for an answer of 1 GiB.
    init(_ client: TestClient, path: String, headers: [(String, String)]) throws {
        connection = try TLSConnection(
            port: client.port, host: "localhost", trust: client.trust, protocol: "h2")
        let window: [UInt8] = [0x3F, 0xFF, 0xFF, 0xFF]
        var fields: [UInt8] = []
        for (name, value) in [
            (":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "localhost"),
        ] + headers {
            // A literal without indexing, with a name of its own, none of them in Huffman's code.
            fields += [0] + Self.text(name) + Self.text(value)
        }
        try connection.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
                // SETTINGS_INITIAL_WINDOW_SIZE
                + Self.frame(Frame.settings, 0, 0, [0, 4] + window)
                + Self.frame(Frame.windowUpdate, 0, 0, window)
                // END_STREAM and END_HEADERS
                + Self.frame(Frame.headers, 5, 1, fields))
    }

    /// Reads until the body has so many bytes, or the answer has ended.
    func read(atLeast count: Int = .max) throws {
        while end == nil, body.count < count {
            guard let header = try take(9) else { return end = .closed }
            let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            guard let content = try take(length) else { return end = .closed }
            switch header[3] {
            case Frame.data:
                body += content
                if header[4] & 1 != 0 { end = .proper }
            case Frame.headers:
                if header[4] & 1 != 0 { end = .proper }
            case Frame.reset: end = .reset
            case Frame.settings where header[4] & 1 == 0:
                try connection.send(Self.frame(Frame.settings, 1, 0, []))
            case Frame.goAway: end = .closed
            default: break
            }
        }
    }

    private func take(_ count: Int) throws -> [UInt8]? {
        while buffer.count < count {
            let more = try connection.receive()
            guard !more.isEmpty else { return nil }
            buffer += more
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private static func frame(
        _ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ content: [UInt8]
    ) -> [UInt8] {
        [
            UInt8(content.count >> 16), UInt8(content.count >> 8 & 0xFF),
            UInt8(content.count & 0xFF),
            kind, flags, 0, 0, 0, stream,
        ] + content
    }

    /// A text of fewer than 127 bytes, or up to 254.
    private static func text(_ text: String) -> [UInt8] {
        let count = text.utf8.count
        let length = count < 127 ? [UInt8(count)] : [127, UInt8(count - 127)]
        return length + Array(text.utf8)
    }
}
