import Foundation
import TestSupport
import Testing

extension BreakingTests {
    /// Exports through nginx, in HTTP/1.1 and HTTP/2: how they end, and that they stand in nobody's way.
    @Suite("Exports")
    struct ExportTests {
        private static let path = "/v1/messages?format=csv"
        /// More than all buffers between the responder and a client that does not read hold.
        private static let rows = 90_000
        /// What a client has read when something breaks.
        private static let first = 100_000

        /// An export of which the first bytes were read.
        private enum Client {
            case old(TLSConnection, [UInt8])
            case new(HTTP2Exchange)

            /// Whether it ended as a complete answer does, and its body as far as it came.
            func finish() throws -> (isComplete: Bool, body: [UInt8]) {
                switch self {
                case .old(let connection, var bytes):
                    while let more = try? connection.receive(), !more.isEmpty { bytes += more }
                    let head = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
                    return ExportTests.unchunked(bytes[head.upperBound...])
                case .new(let exchange):
                    try exchange.read()
                    return (exchange.end == .proper, exchange.body)
                }
            }
        }

        private func demo() throws -> RunningDemo {
            let demo = try RunningDemo.breakable
            guard try demo.count("select count(*) from message where sender = 'Export'") == 0 else {
                return demo
            }
            try demo.sql(
                """
                insert into message (id, precedence, fingerprint, created_at, updated_at, provider,
                    status, provider_message_id, is_key_derived, recipient, sender)
                select gen_random_uuid(), 1, n, now() - n * interval '1 millisecond', now(), 1, 4,
                    'export-' || n, true, '+447700' || lpad(n::text, 6, '0'), 'Export'
                from generate_series(1, \(Self.rows)) as n
                """)
            return demo
        }

        private func begin(
            _ demo: RunningDemo, isNew: Bool, limit: Int? = nil
        ) throws -> Client {
            let path = Self.path + (limit.map { "&limit=\($0)" } ?? "")
            let authorization = "Bearer \(demo.document.api_key)"
            guard !isNew else {
                let exchange = try HTTP2Exchange(
                    demo.client, path: path, headers: [("authorization", authorization)])
                try exchange.read(atLeast: Self.first)
                return .new(exchange)
            }
            let connection = try demo.client.connect()
            try connection.send(
                HTTPRequest(path: path, headers: [("Authorization", authorization)])
                    .head(port: demo.port))
            var bytes: [UInt8] = []
            while bytes.count < Self.first { bytes += try connection.receive() }
            return .old(connection, bytes)
        }

        @Test("All messages come, with a proper end", arguments: [false, true])
        func whole(isNew: Bool) throws {
            let demo = try demo()
            let rows = 15_000
            let (isComplete, body) = try begin(demo, isNew: isNew, limit: rows).finish()
            #expect(isComplete)
            let lines = body.split(separator: UInt8(ascii: "\n"))
            #expect(lines.first?.starts(with: Array("id,created_at,".utf8)) == true)
            #expect(body.suffix(2) == [0x0D, 0x0A])
            #expect(lines.count == rows + 1)
            #expect(Set(lines).count == lines.count)
        }

        @Test("A database that refuses in the middle ends it visibly", arguments: [false, true])
        func databaseRefuses(isNew: Bool) throws {
            let demo = try demo()
            let client = try begin(demo, isNew: isNew)
            try demo.sql("alter table message rename to message_away")
            let result = Result { try client.finish() }
            try demo.sql("alter table message_away rename to message")
            let (isComplete, body) = try result.get()
            #expect(!isComplete)
            #expect(body.count > Self.first / 2)
            #expect(demo.responderLog.contains(#""message":"export cut off""#))
        }

        @Test("So does a responder that is killed", arguments: [false, true])
        func killed(isNew: Bool) throws {
            let demo = try demo()
            let client = try begin(demo, isNew: isNew)
            let old = try demo.currentDocument.pids.responder
            kill(old, SIGKILL)
            #expect(try !client.finish().isComplete)
            let isBack = waitUntil(within: .seconds(20)) {
                guard let pid = try? demo.currentDocument.pids.responder else { return false }
                return pid != old && pid > 0
            }
            #expect(isBack)
            #expect(try demo.api("/health/live").status == 200)
        }

        @Test(
            "Clients that do not read hold none of the API's threads; one too many is told to wait")
        func crowd() throws {
            let demo = try demo()
            // Those of the tests before may just have ended.
            let clients = try (0..<4).map { _ in
                var client: Client?
                _ = waitUntil(within: .seconds(20)) {
                    client = try? begin(demo, isNew: false)
                    return client != nil
                }
                return try #require(client)
            }
            for _ in 0..<20 { #expect(try demo.api("/v1/messages?limit=1").status == 200) }
            let refused = try demo.api(Self.path)
            expectProblem(refused, 503, "too_many_exports")
            #expect(refused["retry-after"] == "5")
            // Each that goes away makes room.
            _ = consume clients
            let hasRoom = try waitUntil(within: .seconds(20)) {
                try demo.client.send(
                    HTTPRequest(
                        method: "GET", path: Self.path + "&limit=1",
                        headers: [("Authorization", "Bearer \(demo.document.api_key)")])
                ).status == 200
            }
            #expect(hasRoom)
        }

        /// The body of a chunked answer as far as it came, and whether its last chunk did.
        static func unchunked(_ bytes: ArraySlice<UInt8>) -> (isComplete: Bool, body: [UInt8]) {
            var body: [UInt8] = []
            var rest = bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let digits = String(decoding: rest[..<end].dropLast(), as: UTF8.self)
                guard let length = Int(digits, radix: 16) else { return (false, body) }
                if length == 0 { return (true, body) }
                let chunk = rest[(end + 1)...].prefix(length)
                body += chunk
                guard chunk.count == length, rest[(end + 1)...].count >= length + 2 else { break }
                rest = rest[(end + 1 + length + 2)...]
            }
            return (false, body)
        }
    }
}
