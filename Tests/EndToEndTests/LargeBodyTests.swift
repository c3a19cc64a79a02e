import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Large and slow bodies", .serialized, .timeLimit(.minutes(10)))
struct LargeBodyTests {
    /// A body of about as many bytes, and the number of its results.
    private func batch(_ name: String, bytes: Int) -> (body: [UInt8], count: Int) {
        let count = max(1, bytes / 16_200)
        let filler = String(repeating: "x", count: min(16_000, bytes / count))
        let results = (0..<count).map {
            InfobipBody.result("\(name)-\($0)", extra: #","callbackData":"\#(filler)""#)
        }
        return (InfobipBody.of(results), count)
    }

    private func chunked(_ body: [UInt8], by size: Int = 60_000) -> [UInt8] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: body.count, by: size) {
            let part = body[start..<min(start + size, body.count)]
            bytes += Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
        }
        return bytes + Array("0\r\n\r\n".utf8)
    }

    private func head(
        _ path: String, _ credentials: (name: String, value: String)?, length: Int?
    ) -> [UInt8] {
        var lines = [
            "POST \(path) HTTP/1.1", "Host: localhost", "Content-Type: application/json",
            length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked",
        ]
        if let credentials { lines.append("\(credentials.name): \(credentials.value)") }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private static func answer(on connection: TLSConnection) throws -> HTTPAnswer {
        var reader = AnswerReader()
        while true {
            let bytes = try connection.receive()
            if bytes.isEmpty { return try reader.finish() }
            if let answer = try reader.add(bytes) { return answer }
        }
    }

    @Test(
        "A batch is taken at every size, with and without its length, at every path of Infobip's",
        arguments: [
            (90_000, "/callbacks/infobip"), (99_990, "/infobip-dlr"), (110_000, "/infobip-webhook"),
            (600_000, "/callbacks/infobip"), (3_000_000, "/webhooks/infobip"),
            (11_800_000, "/callbacks/infobip"),
        ])
    func batches(bytes: Int, path: String) throws {
        let demo = try RunningDemo.shared
        let site = try ShippedSite.crowded
        let credentials = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        for isChunked in [false, true] {
            let name = uniqueName("large")
            let (body, count) = batch(name, bytes: bytes)
            let connection = try site.client.connect(host: "localhost")
            try connection.send(head(path, credentials, length: isChunked ? nil : body.count))
            for start in stride(from: 0, to: isChunked ? 0 : body.count, by: 1 << 20) {
                try connection.send(Array(body[start..<min(start + 1 << 20, body.count)]))
            }
            if isChunked { try connection.send(chunked(body)) }
            #expect(try Self.answer(on: connection).status == 200, "\(isChunked)")
            #expect(
                try demo.count(
                    "select count(*) from message where provider_message_id like '\(name)-%'")
                    == count)
        }
        #expect(site.bodyFiles.filter { $0.contains("0000") }.isEmpty)
    }

    @Test("A batch of unknown length has the same bound")
    func unknownAndTooLarge() throws {
        let demo = try RunningDemo.shared
        let site = try ShippedSite.crowded
        let credentials = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        let connection = try site.client.connect(host: "localhost")
        try connection.send(head("/callbacks/infobip", credentials, length: nil))
        // What is left may meet a connection that is closed already.
        try? connection.send(chunked([UInt8](repeating: 0x20, count: 13 << 20)))
        expectProblem(try Self.answer(on: connection), 413, "body_too_large")
    }

    @Test(
        "Slow large bodies without credentials are few, end soon, and are nowhere on disk",
        arguments: [("/callbacks/infobip", 11 << 20), ("/v1/messages", 900_000)])
    func slow(path: String, length: Int) throws {
        let site = try ShippedSite.crowded
        let connections = try (0..<40).map { _ in try site.client.connect(host: "localhost") }
        let started = ContinuousClock.now
        for connection in connections {
            try connection.send(
                head(path, nil, length: length) + [UInt8](repeating: 0x20, count: 9))
        }
        // All at once: a client that does not read its refusal is cut off after a while.
        let statuses = Mutex<[Int]>([])
        let done = DispatchGroup()
        for connection in connections {
            done.enter()
            Thread.detachNewThread {
                let status = (try? Self.answer(on: connection).status) ?? 0
                statuses.withLock { $0.append(status) }
                done.leave()
            }
        }
        #expect(done.wait(timeout: .now() + 120) == .success)
        #expect(site.bodyFiles.filter { $0.contains("0000") }.isEmpty)
        // Beyond the bound for one client the answer comes at once. The others are waited for, and
        // cut off by the responder, which is a 502, or by nginx, which does not answer.
        #expect(statuses.withLock { $0.count { $0 == 429 } } == 24)
        #expect(statuses.withLock { $0.count { $0 == 502 || $0 == 0 } } == 16)
        #expect(ContinuousClock.now - started < .seconds(60))
    }

    @Test("A body of unknown length that comes a byte at a time is not waited for")
    func trickle() throws {
        let site = try ShippedSite.crowded
        let connection = try site.client.connect(host: "localhost")
        let started = ContinuousClock.now
        try connection.send(head("/callbacks/infobip", nil, length: nil))
        Thread.detachNewThread {
            for _ in 0..<30 {
                guard (try? connection.send(Array("1\r\nx\r\n".utf8))) != nil else { return }
                Thread.sleep(forTimeInterval: 2)
            }
        }
        #expect(try Self.answer(on: connection).status == 502)
        #expect(ContinuousClock.now - started < .seconds(50))
    }
}
