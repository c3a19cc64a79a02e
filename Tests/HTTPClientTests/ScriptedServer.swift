import Foundation
import Glibc
import Synchronization
import TestSupport

/// A server on a loopback port that answers each request by a script, with a thread per connection.
final class ScriptedServer: Sendable {
    /// What to do with a request that has been read whole.
    enum Step: Sendable {
        /// Writes these bytes and keeps reading.
        case answer(String)
        /// Writes these bytes and closes.
        case close(after: String)
        /// Resets the connection; nothing can connect any more if it is the last.
        case reset(isLast: Bool)
        /// Writes nothing and waits for the other side to close.
        case silence
    }

    struct Request: Sendable, Equatable {
        let connection: Int
        let head: String
        let body: String
    }

    let port: UInt16
    private let listener: Int32
    private let isStopped = Atomic<Bool>(false)
    private let isDeaf: Bool
    private let script: @Sendable (Request) -> Step
    private let log = Mutex<[Request]>([])
    private let connections = Mutex(0)

    var url: String { "http://127.0.0.1:\(port)/" }
    /// All requests whose head came.
    var requests: [Request] { log.withLock { $0 } }

    /// - Parameters:
    ///   - isDeaf: whether connections are reset as soon as some bytes have come.
    ///   - script: what to do with each request.
    /// - Throws: `POSIXError` if nothing can listen.
    init(isDeaf: Bool = false, _ script: @escaping @Sendable (Request) -> Step) throws {
        port = try FreePort.next()
        self.script = script
        self.isDeaf = isDeaf
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
        guard isBound, listen(listener, 512) == 0 else {
            throw POSIXError(.EADDRINUSE)
        }
        let thread = Thread { [listener, self] in
            while true {
                let peer = accept(listener, nil, nil)
                guard peer >= 0 else { return }
                let number = connections.withLock { count in
                    count += 1
                    return count
                }
                let worker = Thread { [self] in serve(peer, number) }
                worker.stackSize = 1 << 18
                worker.start()
            }
        }
        thread.start()
    }

    func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ peer: Int32, _ number: Int) {
        defer { close(peer) }
        var input: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let end = Array("\r\n\r\n".utf8)
        while true {
            while input.firstRange(of: end) == nil {
                let count = read(peer, &buffer, buffer.count)
                guard count > 0 else { return }
                if isDeaf { return reset(peer) }
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
                guard count > 0 else { break }
                input += buffer[..<count]
            }
            let body = String(decoding: input.prefix(length), as: UTF8.self)
            input.removeFirst(min(length, input.count))
            let request = Request(connection: number, head: head, body: body)
            log.withLock { $0.append(request) }
            switch script(request) {
            case .answer(let text): send(peer, text)
            case .close(let text):
                send(peer, text)
                return
            case .reset(let isLast):
                if isLast { stop() }
                reset(peer)
                return
            case .silence:
                while read(peer, &buffer, buffer.count) > 0 {}
                return
            }
        }
    }

    /// The peer gets a reset and not an end: what it wrote may be lost.
    private func reset(_ peer: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private func send(_ peer: Int32, _ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func ok(_ body: String, _ fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }
}
