import Foundation
import Glibc
import System

/// A peer on one of the responder's sockets, or on a port, that need not keep to the protocol.
final class SocketPeer {
    private let descriptor: Int32

    /// - Throws: when nobody listens at the path.
    init(_ path: String) throws(ConnectionFailure) {
        do throws(SystemError) {
            let socket = try UnixSocket(.stream)
            socket.limitWaits(to: .seconds(15))
            try socket.connect(to: UnixAddress(path: path))
            descriptor = socket.take()
        } catch {
            throw ConnectionFailure("nobody listens at \(path)")
        }
    }

    /// One on a port of this machine, without TLS.
    ///
    /// - Throws: when nobody listens there.
    init(port: UInt16, patience: Duration = .seconds(15)) throws(ConnectionFailure) {
        descriptor = try TLSConnection.connect(port, patience)
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Ends the sending side.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// All that comes until the other side closes; nil if it does not within 15 s.
    func readToEnd() -> [UInt8]? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                all += buffer[..<count]
            } else {
                return count == 0 || errno == ECONNRESET ? all : nil
            }
        }
    }
}

/// FastCGI records, valid ones and others. Source: FastCGI specification 1.0, section 3.3.
enum FastCGIRecord {
    static func bytes(
        _ kind: UInt8, _ content: [UInt8] = [], version: UInt8 = 1, length: Int? = nil
    ) -> [UInt8] {
        let length = length ?? content.count
        return [version, kind, 0, 1, UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), 0, 0]
            + content
    }

    static func begin(role: UInt8 = 1) -> [UInt8] { bytes(1, [0, role, 0, 0, 0, 0, 0, 0]) }

    static func parameters(_ pairs: [(String, String)]) -> [UInt8] {
        bytes(
            4,
            pairs.flatMap { name, value in
                [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8)
                    + Array(value.utf8)
            })
    }

    /// `GET /health/live`, which every socket answers.
    static var request: [UInt8] {
        begin()
            + parameters([
                ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/health/live"),
                ("DOCUMENT_URI", "/health/live"),
            ]) + bytes(4) + bytes(5)
    }
}
