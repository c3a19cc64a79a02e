import FastCGI
import Foundation
import System
import TestSupport

@testable import Web

/// A router behind a real FastCGI server on a Unix socket of its own, and nginx's side of it.
final class WebServer: Sendable {
    private let server: Server
    private let path: String
    private let folder: TemporaryDirectory

    init(
        _ routes: [Router.Route], crossOrigins: CrossOrigins = CrossOrigins([])
    ) throws {
        folder = try TemporaryDirectory()
        path = folder.path(of: "s")
        server = try Server.start(
            Listener(.api, on: .path(path), limits: Listener.Limits(workers: 2)),
            handler: Router(routes, crossOrigins: crossOrigins))
    }

    deinit {
        _ = server.drain(deadline: .now + .seconds(2))
    }

    /// One request on a connection of its own.
    ///
    /// - Parameters:
    ///   - method: REQUEST_METHOD.
    ///   - target: path and query; DOCUMENT_URI is its path.
    ///   - headers: FastCGI's names, such as `HTTP_AUTHORIZATION`.
    ///   - body: what follows the head.
    ///   - length: CONTENT_LENGTH, where it is not the body's.
    ///   - remoteAddress: REMOTE_ADDR.
    ///   - requestID: REQUEST_ID.
    /// - Returns: the answer.
    /// - Throws: `NoAnswer`.
    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = [],
        length: Int? = nil, remoteAddress: String = "192.0.2.7", requestID: String = "req-1"
    ) throws -> Answer {
        let connection = try SocketConnection(path)
        let parts = target.split(separator: "?", maxSplits: 1)
        var parameters = [
            "REQUEST_METHOD": method, "REQUEST_URI": target, "DOCUMENT_URI": String(parts[0]),
            "REMOTE_ADDR": remoteAddress, "REQUEST_ID": requestID,
        ]
        if parts.count == 2 { parameters["QUERY_STRING"] = String(parts[1]) }
        if !body.isEmpty || length != nil {
            parameters["CONTENT_LENGTH"] = String(length ?? body.count)
        }
        parameters.merge(headers) { $1 }
        connection.write(Records.request(parameters, body))
        return try Answer(connection.readAll())
    }

    func get(
        _ target: String, key: String? = nil, remoteAddress: String = "192.0.2.7"
    ) throws -> Answer {
        try send(
            "GET", target, headers: key.map { ["HTTP_AUTHORIZATION": "Bearer \($0)"] } ?? [:],
            remoteAddress: remoteAddress)
    }

    /// Sends a request and leaves it open; the answer is read with `SocketConnection.readAll`.
    func start(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = []
    ) throws -> SocketConnection {
        let connection = try SocketConnection(path)
        let parts = target.split(separator: "?", maxSplits: 1)
        var parameters = [
            "REQUEST_METHOD": method, "REQUEST_URI": target, "DOCUMENT_URI": String(parts[0]),
            "CONTENT_LENGTH": String(body.count), "REQUEST_ID": "req-1",
        ]
        if parts.count == 2 { parameters["QUERY_STRING"] = String(parts[1]) }
        parameters.merge(headers) { $1 }
        connection.write(Records.request(parameters, body))
        return connection
    }
}

/// There is no server, or it closed without an answer.
struct NoAnswer: Error {}

/// What nginx gets back.
struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: String

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: Records.output(bytes), as: UTF8.self)
        guard let gap = text.range(of: "\r\n\r\n") else { throw NoAnswer() }
        let lines = text[..<gap.lowerBound].components(separatedBy: "\r\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
        status = Int(lines[0].1.prefix(3)) ?? 0
        headers = Array(lines.dropFirst())
        body = String(text[gap.upperBound...])
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The body as a JSON object.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }

    var code: String? { json["code"] as? String }
}

/// FastCGI as a web server writes and reads it. Source: FastCGI specification 1.0, section 3.3.
enum Records {
    static func request(_ parameters: [String: String], _ body: [UInt8]) -> [UInt8] {
        var pairs: [UInt8] = []
        for (name, value) in parameters {
            pairs += length(name) + length(value) + Array(name.utf8) + Array(value.utf8)
        }
        var bytes = record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + record(4, pairs) + record(4, [])
        for start in stride(from: 0, to: body.count, by: 65_535) {
            bytes += record(5, Array(body[start..<min(start + 65_535, body.count)]))
        }
        return bytes + record(5, [])
    }

    static func output(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let header = Array(rest.prefix(8))
            let count = Int(header[4]) << 8 | Int(header[5])
            if header[1] == 6 { output += rest.dropFirst(8).prefix(count) }
            rest = rest.dropFirst(8 + count + Int(header[6]))
        }
        return output
    }

    private static func record(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, kind, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }

    private static func length(_ text: String) -> [UInt8] {
        let count = text.utf8.count
        guard count > 127 else { return [UInt8(count)] }
        return [
            UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF),
            UInt8(count & 0xFF),
        ]
    }
}

/// The web server's end of one connection; gives up after ten seconds.
final class SocketConnection: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        let socket = try UnixSocket(.stream)
        socket.limitWaits(to: .seconds(10))
        do throws(SystemError) {
            try socket.connect(to: UnixAddress(path: path))
        } catch {
            throw NoAnswer()
        }
        descriptor = socket.take()
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// All that comes until the server closes.
    func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Whether nothing can be read at this moment.
    func isSilent() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) < 0
    }
}
