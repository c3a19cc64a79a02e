import Foundation
import Glibc

/// One request to chromedriver. Foundation's client refuses its headers, which have no blank behind the
/// colon.
struct DriverConnection: ~Copyable {
    private let descriptor: Int32

    /// Connects to a port of this machine; an answer may take a minute.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw BrowserFailure("chromedriver does not listen") }
    }

    deinit { close(descriptor) }

    /// The body of the answer.
    func send(_ method: String, _ path: String, _ body: Data) throws -> Data {
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        var bytes = Data(head.utf8) + body
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw BrowserFailure("chromedriver does not read") }
            bytes = bytes.dropFirst(sent)
        }
        return try receive()
    }

    private func receive() throws -> Data {
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let blankLine = Data("\r\n\r\n".utf8)
        while true {
            if let end = answer.range(of: blankLine) {
                let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
                let length = head.firstMatch(of: /content-length: *([0-9]+)/).flatMap { Int($0.1) }
                let body = answer[end.upperBound...]
                if let length, body.count >= length { return Data(body.prefix(length)) }
            }
            let received = recv(descriptor, &buffer, buffer.count, 0)
            guard received > 0 else { throw BrowserFailure("chromedriver gives no whole answer") }
            answer.append(contentsOf: buffer[..<received])
        }
    }
}
