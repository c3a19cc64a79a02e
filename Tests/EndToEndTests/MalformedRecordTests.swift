import Foundation
import TestSupport
import Testing

extension BreakingTests {
    @Suite("Malformed FastCGI records")
    struct MalformedRecordTests {
        private static let parameters = FastCGIRecord.parameters([
            ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", "/callbacks/infobip"),
            ("CONTENT_LENGTH", "100"),
        ])

        static let records: [(name: String, bytes: [UInt8])] = [
            ("nothing", []),
            ("text", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
            ("zeros", [UInt8](repeating: 0, count: 1000)),
            ("a wrong version", FastCGIRecord.bytes(1, [0, 1, 0, 0, 0, 0, 0, 0], version: 9)),
            ("half a header", Array(FastCGIRecord.begin().prefix(5))),
            ("a record cut off", Array(FastCGIRecord.begin().dropLast(3))),
            ("a length of 64 KiB and nothing", FastCGIRecord.bytes(1, [], length: 65_535)),
            ("a short begin", FastCGIRecord.bytes(1, [0, 1])),
            ("parameters before the begin", parameters),
            ("a second begin", FastCGIRecord.begin() + FastCGIRecord.begin()),
            ("another role", FastCGIRecord.begin(role: 2) + FastCGIRecord.bytes(4)),
            ("an unknown type", FastCGIRecord.bytes(77, [1, 2, 3])),
            ("a record of ours", FastCGIRecord.bytes(6, Array("Status: 200\r\n\r\n".utf8))),
            ("an abort", FastCGIRecord.begin() + parameters + FastCGIRecord.bytes(2)),
            (
                "a name longer than the parameters",
                FastCGIRecord.begin() + FastCGIRecord.bytes(4, [120, 5, 65, 66])
                    + FastCGIRecord.bytes(4)
            ),
            (
                "a name of 16 MiB",
                FastCGIRecord.begin() + FastCGIRecord.bytes(4, [0x81, 0, 0, 0, 1, 65])
                    + FastCGIRecord.bytes(4)
            ),
            (
                "a body cut off",
                FastCGIRecord.begin() + parameters + FastCGIRecord.bytes(4)
                    + FastCGIRecord.bytes(5, [0x7B])
            ),
            (
                "a body that is shorter than announced",
                FastCGIRecord.begin() + parameters
                    + FastCGIRecord.bytes(4) + FastCGIRecord.bytes(5, [0x7B])
                    + FastCGIRecord.bytes(5)
            ),
        ]

        @Test(
            "The connection is closed and the process lives",
            arguments: ["callbacks", "api", "events"])
        func malformed(socket: String) throws {
            let demo = try RunningDemo.breakable
            let pid = try demo.currentDocument.pids.responder
            let load = SteadyLoad(on: demo, threads: 2)
            let path = "\(demo.directory)/nginx/\(socket).sock"
            for record in Self.records {
                let peer = try SocketPeer(path)
                peer.send(record.bytes)
                peer.endSending()
                let answer = try #require(peer.readToEnd(), "\(record.name) keeps its connection")
                let text = String(decoding: answer, as: UTF8.self)
                #expect(!text.contains("Status: 200"), "\(record.name)")
            }
            try load.waitForAccepted(20)
            let outcomes = load.stop()
            #expect(outcomes.allSatisfy { $0.status == 200 })
            #expect(try demo.currentDocument.pids.responder == pid)
        }

        @Test("Queries for values are answered or closed, and the process lives")
        func values() throws {
            let demo = try RunningDemo.breakable
            let pid = try demo.currentDocument.pids.responder
            let names = [("FCGI_MAX_CONNS", ""), ("FCGI_MAX_REQS", ""), ("FCGI_MPXS_CONNS", "")]
            var question = FastCGIRecord.parameters(names)
            question[1] = 9
            question[3] = 0
            let peer = try SocketPeer(demo.directory + "/nginx/callbacks.sock")
            peer.send(question)
            peer.endSending()
            #expect(peer.readToEnd() != nil)
            #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
            #expect(try demo.currentDocument.pids.responder == pid)
        }

        @Test("Random bytes and damaged requests affect no other")
        func random() throws {
            let demo = try RunningDemo.breakable
            let pid = try demo.currentDocument.pids.responder
            let load = SteadyLoad(on: demo, threads: 2)
            var random = SplitMix64(state: 42)
            for round in 0..<400 {
                var bytes = FastCGIRecord.request
                switch round % 3 {
                case 0:
                    bytes = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    }
                case 1:
                    bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
                default:
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        let index = Int.random(in: 0..<bytes.count, using: &random)
                        bytes[index] = UInt8.random(in: 0...255, using: &random)
                    }
                }
                let peer = try SocketPeer(demo.directory + "/nginx/callbacks.sock")
                peer.send(bytes)
                peer.endSending()
                #expect(peer.readToEnd() != nil, "round \(round)")
            }
            try load.waitForAccepted(20)
            #expect(load.stop().allSatisfy { $0.status == 200 })
            #expect(try demo.currentDocument.pids.responder == pid)
            expectCleanLog(demo.responderLog, hiding: demo.document)
        }

        @Test("A peer that stops in the middle of a request does not stop the others")
        func stalled() throws {
            let demo = try RunningDemo.breakable
            let path = demo.directory + "/nginx/api.sock"
            // As many as two thirds of the workers.
            let stalled = try (0..<3).map { _ in
                let peer = try SocketPeer(path)
                peer.send(Array(FastCGIRecord.request.prefix(20)))
                return peer
            }
            #expect(try demo.api("/health/live").status == 200)
            _ = consume stalled
        }
    }
}
