import Foundation
import Testing

import TestSupport
@testable import FastCGI

@Suite("Malformed input", .blocking, .timeLimit(.minutes(10)))
struct MalformedTests {
    /// A generator with a fixed seed, so that failures can be repeated.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) << 32 | state >> 32
        }
    }

    private let request = TestRequest(body: Array(#"{"results":[]}"#.utf8))

    @Test("random bytes, cut and changed requests leave the process alive", arguments: 1...4)
    func fuzz(seed: Int) throws {
        let server = try TestServer(handler: Handler.echo)
        var random = Seeded(state: UInt64(seed))
        for round in 0..<150 {
            var bytes = request.bytes
            switch round % 3 {
            case 0:
                bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
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
            let peer = try server.peer()
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...rest.count, using: &random))
                rest = rest.dropFirst(part.count)
                peer.send(Array(part))
            }
            peer.endSending()
            // Until the server has closed; its answer does not matter.
            while let record = try? peer.record() { _ = record }
        }
        #expect(try server.peer().exchange(request).status == 200)
        #expect(server.server.metrics.protocolErrors > 0)
    }

    @Test("parameters cut off between two names are not taken for complete")
    func cutParameters() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        peer.send(Record.begin(keep: true).bytes)
        peer.send(Record.parameters([("REQUEST_METHOD", "GET")]).bytes)
        peer.endSending()
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
        #expect(server.server.metrics.requests == 0)
    }

    @Test("a request whose input never ends is not handed on")
    func noInputEnd() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        peer.send(TestRequest().head)
        peer.endSending()
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
        #expect(server.server.metrics.requests == 0)
    }

    /// One request whose first records would end the process if libfcgi read them.
    private static let attacks: [(name: String, bytes: [UInt8])] = [
        (
            "GET_VALUES with five names",
            Record(
                .getValues,
                ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "A", "B"].flatMap {
                    [UInt8($0.utf8.count), 0] + Array($0.utf8)
                }, requestID: 0
            ).bytes
        ),
        (
            "a name of two gigabytes",
            Record.begin(keep: true).bytes
                + Record(.parameters, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).bytes
        ),
        ("another version", [2, 1, 0, 1, 0, 8, 0, 0] + [UInt8](repeating: 0, count: 8)),
        ("parameters before the beginning", Record.parameters([("A", "b")]).bytes),
        ("HTTP", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    ]

    @Test("records that libfcgi cannot handle end the connection", arguments: attacks.indices)
    func attack(index: Int) throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        peer.send(Self.attacks[index].bytes)
        #expect(peer.isClosed(), "\(Self.attacks[index].name)")
        #expect(server.incidents.take() == .malformedRequest)
        #expect(try server.peer().exchange(TestRequest()).status == 200)
    }

    @Test("roles other than the responder's are closed", arguments: [2, 3, 0, 9] as [UInt8])
    func roles(role: UInt8) throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        peer.send(TestRequest(role: role).bytes)
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
    }

    @Test("a second request on a busy connection is refused as multiplexing")
    func multiplexing() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        peer.send(TestRequest(declaredLength: "3").head)
        peer.send(Record.begin(keep: true, requestID: 2).bytes)
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
    }

    @Test("a peer that closes before its answer causes only an incident")
    func vanished() throws {
        let inbox = Inbox<Exchange>()
        let server = try TestServer(handler: Handler { inbox.put($0) })
        let peer = try server.peer()
        peer.send(TestRequest().bytes)
        let exchange = try #require(inbox.take())
        peer.close()
        exchange.respond(Response(.ok))
        #expect(server.incidents.take() == .answerLost)
    }

    @Test("an idle connection that the peer closes is no incident")
    func idleClose() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest()).status == 200)
        peer.close()
        server.server.stopAccepting()
        #expect(server.server.drain(deadline: .now + .seconds(10)) == 0)
        #expect(server.incidents.rest.isEmpty)
        #expect(server.server.metrics.openConnections == 0)
    }
}
