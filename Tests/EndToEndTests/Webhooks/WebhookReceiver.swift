import Foundation
import Glibc
import Synchronization
import System

/// Another system that takes webhooks: an HTTP server on a port of this machine, which answers as it is
/// told and keeps what it got.
final class WebhookReceiver: Sendable {
    struct Request: Sendable {
        let path: String
        /// In lower case.
        let headers: [String: String]
        let body: [UInt8]
        let at: Date

        var id: String { headers["webhook-id"] ?? "" }
    }

    let port: UInt16
    private let listener: Int32
    private let requests = Monitor<[Request]>([])
    private let answer: @Sendable (Request, _ number: Int) -> String?

    /// `answer` gets each request and its number among those of its `webhook-id`, from 1 on; it gives
    /// the whole head and body, or nil to answer nothing and keep the connection open.
    init(
        _ answer: @escaping @Sendable (Request, _ number: Int) -> String? = { _, _ in
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
        }
    ) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 512) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw ConnectionFailure("cannot listen") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in run() }
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The requests so far, once there are as many; nil if they do not come in time.
    func wait(for count: Int, within limit: Duration = .seconds(20)) -> [Request]? {
        requests.wait(until: .now + limit) { $0.count >= count ? $0 : nil }
    }

    var all: [Request] { requests.withLock { $0 } }

    private func run() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                close(listener)
                return
            }
            Thread.detachNewThread { [self] in serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        guard let request = Self.read(connection) else { return }
        let number = requests.withLock { requests in
            requests.append(request)
            return requests.count { $0.id == request.id }
        }
        requests.wakeAll()
        guard let text = answer(request, number) else {
            var byte: UInt8 = 0
            _ = recv(connection, &byte, 1, 0)
            return
        }
        let bytes = Array(text.utf8)
        _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    guard parts.count == 2 else { continue }
                    headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
                }
                let start = text[..<end.upperBound].utf8.count
                let length = headers["content-length"].flatMap { Int($0) } ?? 0
                if bytes.count >= start + length {
                    let words = lines[0].split(separator: " ")
                    return Request(
                        path: words.count > 1 ? String(words[1]) : "", headers: headers,
                        body: Array(bytes[start..<start + length]), at: Date())
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
