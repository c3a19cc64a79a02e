import Foundation
import Synchronization

/// What is sent: HTTP/1.1, with a Content-Length unless the headers hold one.
struct HTTPRequest: Sendable {
    var method = "GET"
    var path: String
    /// The name in the URL: `127.0.0.1` or `localhost`.
    var host = "127.0.0.1"
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// The bytes of the request line and the headers.
    func head(port: UInt16) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1"]
        if !has("Host") { lines.append("Host: \(host):\(port)") }
        if !has("Content-Length"), !body.isEmpty || method == "POST" {
            lines.append("Content-Length: \(body.count)")
        }
        lines += headers.map { "\($0.name): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private func has(_ name: String) -> Bool {
        headers.contains { $0.name.lowercased() == name.lowercased() }
    }
}

/// What came back.
struct HTTPAnswer: Sendable {
    let status: Int
    /// Names in lower case, in the order in which they came.
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// All values of a header.
    func all(_ name: String) -> [String] {
        headers.filter { $0.name == name.lowercased() }.map(\.value)
    }

    /// A header's value, if it came once.
    subscript(name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }
}

/// A client that keeps its connections, as the providers do. Safe from any thread; blocks.
final class TestClient: Sendable {
    let port: UInt16
    let trust: TLSTrust
    private let idle = Mutex<[String: [TLSConnection]]>([:])

    init(port: UInt16, authority: String) throws(ConnectionFailure) {
        self.port = port
        trust = try TLSTrust(authority: authority)
    }

    /// A connection that was not used yet.
    func connect(host: String = "127.0.0.1") throws(ConnectionFailure) -> TLSConnection {
        try TLSConnection(port: port, host: host, trust: trust)
    }

    /// Sends a request and waits for its answer.
    ///
    /// A kept connection may have been closed meanwhile: then the request goes out once more on a
    /// new one, as every client does it.
    /// - Throws: when there is no answer in time, or none at all.
    func send(_ request: HTTPRequest) throws(ConnectionFailure) -> HTTPAnswer {
        while let kept = idle.withLock({ $0[request.host]?.popLast() }) {
            if let answer = try? exchange(request, on: kept, mayBeStale: true) { return answer }
        }
        guard
            let answer = try exchange(
                request, on: connect(host: request.host), mayBeStale: false)
        else { throw ConnectionFailure("the connection was closed without an answer") }
        return answer
    }

    /// Forgets the kept connections.
    func disconnect() {
        idle.withLock { $0 = [:] }
    }

    private func exchange(
        _ request: HTTPRequest, on connection: TLSConnection, mayBeStale: Bool
    ) throws(ConnectionFailure) -> HTTPAnswer? {
        do throws(ConnectionFailure) {
            try connection.send(request.head(port: port) + request.body)
        } catch {
            // An answer may be there all the same: 413 comes before the body has been read.
            if mayBeStale { return nil }
        }
        var reader = AnswerReader(expectsBody: request.method != "HEAD")
        while true {
            let bytes = try connection.receive()
            if bytes.isEmpty {
                guard !reader.isEmpty else { return nil }
                return try reader.finish()
            }
            guard let answer = try reader.add(bytes) else { continue }
            if answer["connection"]?.lowercased() != "close" {
                idle.withLock { $0[request.host, default: []].append(connection) }
            }
            return answer
        }
    }
}

/// Reads one answer; pure.
struct AnswerReader {
    private let expectsBody: Bool
    private var bytes: [UInt8] = []
    private var head: (status: Int, headers: [(name: String, value: String)], end: Int)?

    init(expectsBody: Bool = true) {
        self.expectsBody = expectsBody
    }

    /// Whether nothing has come yet.
    var isEmpty: Bool { bytes.isEmpty }

    /// The answer, once it is complete.
    mutating func add(_ more: [UInt8]) throws(ConnectionFailure) -> HTTPAnswer? {
        bytes += more
        guard let head = try readHead() else { return nil }
        guard expectsBody, head.status != 204, head.status != 304 else { return answer(head, []) }
        let body = Array(bytes[head.end...])
        if let text = value("content-length"), let length = Int(text) {
            return body.count >= length ? answer(head, Array(body[..<length])) : nil
        }
        guard value("transfer-encoding") == "chunked" else { return nil }
        return Self.unchunked(body).map { answer(head, $0) }
    }

    /// The answer that ends with its connection.
    func finish() throws(ConnectionFailure) -> HTTPAnswer {
        guard let head, value("content-length") == nil, value("transfer-encoding") == nil else {
            throw ConnectionFailure("the answer ends in its middle")
        }
        return answer(head, Array(bytes[head.end...]))
    }

    private func answer(
        _ head: (status: Int, headers: [(name: String, value: String)], end: Int), _ body: [UInt8]
    ) -> HTTPAnswer {
        HTTPAnswer(status: head.status, headers: head.headers, body: body)
    }

    private func value(_ name: String) -> String? {
        head?.headers.first { $0.name == name }?.value
    }

    private mutating func readHead() throws(ConnectionFailure) -> (
        status: Int, headers: [(name: String, value: String)], end: Int
    )? {
        if let head { return head }
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw ConnectionFailure("no HTTP: \(lines[0].prefix(60))")
        }
        // 100 Continue is not the answer.
        if status == 100 {
            bytes.removeSubrange(..<end.upperBound)
            return try readHead()
        }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                name: parts[0].lowercased(),
                value: parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            )
        }
        head = (status, headers, end.upperBound)
        return head
    }

    private static func unchunked(_ bytes: [UInt8]) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let text = String(decoding: rest[..<line.lowerBound], as: UTF8.self)
            guard let size = Int(text, radix: 16) else { return nil }
            rest = rest[line.upperBound...]
            guard rest.count >= size + 2 else { return nil }
            if size == 0 { return body }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
