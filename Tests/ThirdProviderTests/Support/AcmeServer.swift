import Foundation
import Glibc
import Synchronization
import TestSupport

/// Acme's side: an HTTP server on loopback that answers each request as the test says.
final class AcmeServer: Sendable {
    struct Request: Sendable {
        /// `POST /messages`.
        let line: String
        let head: String
        let body: String

        /// The body as a JSON object.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
        }
    }

    let port: UInt16
    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { log.withLock { $0 } }

    private let listener: Int32
    private let answer: @Sendable (Request) -> (status: Int, body: String)
    private let log = Mutex<[Request]>([])

    /// - Parameter answer: called on a thread of the connection's.
    /// - Throws: `POSIXError` if nothing can listen.
    init(_ answer: @escaping @Sendable (Request) -> (status: Int, body: String)) throws {
        self.answer = answer
        port = try FreePort.next()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
        let thread = Thread { [listener, self] in
            while true {
                let peer = accept(listener, nil, nil)
                guard peer >= 0 else { return }
                Thread { [self] in serve(peer) }.start()
            }
        }
        thread.start()
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ peer: Int32) {
        defer { close(peer) }
        var input: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let end = Array("\r\n\r\n".utf8)
        while true {
            while input.firstRange(of: end) == nil {
                let count = read(peer, &buffer, buffer.count)
                guard count > 0 else { return }
                input += buffer[..<count]
            }
            guard let range = input.firstRange(of: end) else { return }
            let head = String(decoding: input[..<range.lowerBound], as: UTF8.self)
            input.removeSubrange(..<range.upperBound)
            let length =
                head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) } ?? 0
            while input.count < length {
                let count = read(peer, &buffer, buffer.count)
                guard count > 0 else { return }
                input += buffer[..<count]
            }
            let line = head.prefix { $0 != "\r" && $0 != "\r\n" }.split(separator: " ").prefix(2)
            let request = Request(
                line: line.joined(separator: " "), head: head,
                body: String(decoding: input.prefix(length), as: UTF8.self))
            input.removeFirst(length)
            log.withLock { $0.append(request) }
            let (status, body) = answer(request)
            let text =
                "HTTP/1.1 \(status) x\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            _ = text.withCString { Glibc.send(peer, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        }
    }
}
