import Foundation
import Glibc
import System
import Testing

@testable import FastCGI

/// The web server's side of one connection. Every read and write gives up after ten seconds.
// Unchecked because a test uses a peer on one thread at a time.
final class TestPeer: @unchecked Sendable {
    private(set) var descriptor: Int32
    private var buffer: [UInt8] = []
    private var isAtEnd = false

    struct Answer: Equatable {
        var head: String
        var body: String
        var status: Int? { Int(head.dropFirst("Status: ".count).prefix(3)) }
    }

    struct Refused: Error {
        let number: Int32
    }

    /// The connection broke or stalled where a record was wanted.
    struct NoRecord: Error {}

    init(_ path: String) throws {
        let socket = try UnixSocket(.stream)
        socket.limitWaits(to: .seconds(10))
        do throws(SystemError) {
            try socket.connect(to: UnixAddress(path: path))
        } catch {
            throw Refused(number: error.errorNumber ?? EINVAL)
        }
        descriptor = socket.take()
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// False when the other side no longer takes it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                raw.baseAddress.map {
                    Glibc.send(descriptor, $0 + sent, raw.count - sent, Int32(MSG_NOSIGNAL))
                } ?? 0
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next record; nil at a clean end.
    func record() throws -> Record? {
        guard let header = try take(8) else { return nil }
        let count = Int(header[4]) << 8 | Int(header[5])
        guard let content = try take(count + Int(header[6])) else { throw NoRecord() }
        return Record(
            kind: header[1], requestID: UInt16(header[2]) << 8 | UInt16(header[3]),
            content: Array(content.prefix(count)))
    }

    /// The output up to FCGI_END_REQUEST.
    func answer() throws -> Answer {
        var output = [UInt8]()
        while let record = try record() {
            if record.kind == Record.Kind.output.rawValue { output += record.content }
            if record.kind == Record.Kind.end.rawValue { return Self.split(output) }
        }
        throw NoRecord()
    }

    func exchange(_ request: TestRequest) throws -> Answer {
        send(request.bytes)
        return try answer()
    }

    /// Whether the other side has closed and sent nothing more; waits for it.
    func isClosed() -> Bool {
        guard buffer.isEmpty else { return false }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || count < 0 && errno == ECONNRESET
    }

    private func take(_ count: Int) throws -> [UInt8]? {
        while buffer.count < count {
            var part = [UInt8](repeating: 0, count: 65_536)
            let got = recv(descriptor, &part, part.count, 0)
            if got == 0, buffer.isEmpty { return nil }
            guard got > 0 else { throw NoRecord() }
            buffer += part.prefix(got)
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private static func split(_ output: [UInt8]) -> Answer {
        let text = String(decoding: output, as: UTF8.self)
        guard let gap = text.range(of: "\r\n\r\n") else { return Answer(head: text, body: "") }
        return Answer(
            head: String(text[..<gap.lowerBound]), body: String(text[gap.upperBound...]))
    }
}
