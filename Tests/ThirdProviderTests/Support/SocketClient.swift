import Foundation
import Glibc

/// nginx's side of the responder's sockets: one request a connection.
struct SocketClient {
    /// What came back.
    struct Answer {
        let status: Int
        let body: String

        /// The body as a JSON object.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
        }
    }

    /// No connection, or no whole answer.
    struct Failure: Error {}

    let path: String

    /// - Parameters:
    ///   - method: upper case.
    ///   - target: path and query as called.
    ///   - headers: with FastCGI's names, such as `HTTP_AUTHORIZATION`.
    ///   - body: may be empty.
    /// - Returns: the whole answer.
    /// - Throws: `Failure`.
    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = []
    ) throws -> Answer {
        let descriptor = try connected()
        defer { close(descriptor) }
        let parts = target.split(separator: "?", maxSplits: 1)
        var parameters = [
            "REQUEST_METHOD": method, "REQUEST_URI": target, "DOCUMENT_URI": String(parts[0]),
            "REMOTE_ADDR": "192.0.2.7", "REQUEST_ID": "r", "CONTENT_LENGTH": String(body.count),
        ]
        if parts.count == 2 { parameters["QUERY_STRING"] = String(parts[1]) }
        parameters.merge(headers) { $1 }
        var pairs: [UInt8] = []
        for (name, value) in parameters {
            pairs += Self.length(name) + Self.length(value) + Array(name.utf8) + Array(value.utf8)
        }
        let request =
            Self.record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + Self.record(4, pairs) + Self.record(4, [])
            + (body.isEmpty ? [] : Self.record(5, body)) + Self.record(5, [])
        guard
            request.withUnsafeBytes({ Glibc.send(descriptor, $0.baseAddress, $0.count, 0) })
                == request.count
        else { throw Failure() }
        return try Self.answer(Self.read(descriptor))
    }

    private func connected() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var time = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw Failure()
        }
        return descriptor
    }

    private static func read(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { return bytes }
            bytes += part.prefix(count)
        }
    }

    private static func answer(_ bytes: [UInt8]) throws -> Answer {
        var output: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let head = Array(rest.prefix(8))
            let count = Int(head[4]) << 8 | Int(head[5])
            if head[1] == 6 { output += rest.dropFirst(8).prefix(count) }
            rest = rest.dropFirst(8 + count + Int(head[6]))
        }
        let text = String(decoding: output, as: UTF8.self)
        guard let gap = text.range(of: "\r\n\r\n"), text.hasPrefix("Status: "),
            let status = Int(text.dropFirst(8).prefix(3))
        else { throw Failure() }
        return Answer(status: status, body: String(text[gap.upperBound...]))
    }

    private static func record(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, kind, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }

    private static func length(_ text: String) -> [UInt8] {
        let count = UInt32(text.utf8.count)
        return count < 128
            ? [UInt8(count)]
            : withUnsafeBytes(of: (count | 0x8000_0000).bigEndian) { Array($0) }
    }
}
