import Foundation
import System
import Testing

import TestSupport
@testable import FastCGI

@Suite("Requests in parts", .blocking, .timeLimit(.minutes(10)))
struct PartialRequestTests {
    /// FCGI_GET_VALUES with five names, for which libfcgi would end the process.
    private static let question = Record(
        .getValues,
        ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "A", "B"].flatMap {
            [UInt8($0.utf8.count), 0] + Array($0.utf8)
        }, requestID: 0
    ).bytes

    private static let absurd = Record(
        .parameters, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    ).bytes

    /// What comes first, in a write of its own, and what then would end the process.
    private static let late: [(name: String, first: [UInt8], then: [UInt8])] = [
        ("a question behind the beginning", Record.begin(keep: true).bytes, question),
        (
            "a question behind half the head",
            Record.begin(keep: true).bytes + Record.parameters([("REQUEST_METHOD", "GET")]).bytes,
            question
        ),
        (
            "a question in mid-body",
            TestRequest(declaredLength: "100").head + Record(.input, [1, 2, 3]).bytes, question
        ),
        ("an absurd name", Record.begin(keep: true).bytes, absurd),
        (
            "an absurd name behind others",
            Record.begin(keep: true).bytes + Record.parameters([("A", "b")]).bytes, absurd
        ),
    ]

    @Test(
        "records that libfcgi cannot handle end the connection, however late they come",
        arguments: late.indices)
    func lateAttack(index: Int) throws {
        let (name, first, then) = Self.late[index]
        let server = try TestServer(handler: Handler.echo)
        for cut in 0..<then.count {
            let peer = try server.peer()
            peer.send(first)
            // An answer to another peer: the first part has been read.
            if cut % 8 == 0 { #expect(try server.peer().exchange(TestRequest()).status == 200) }
            peer.send(Array(then[..<cut]))
            peer.send(Array(then[cut...]))
            #expect(peer.isClosed(), "\(name), cut at \(cut)")
            #expect(server.incidents.take() == .malformedRequest)
        }
        #expect(try server.peer().exchange(TestRequest()).status == 200)
    }

    @Test("more half-sent requests than workers block no other request and can be finished")
    func halves() throws {
        let server = try TestServer(handler: Handler.echo)
        let request = TestRequest(body: Array("late".utf8))
        let halves = try (0..<8).map { _ in try server.peer() }
        for (number, peer) in halves.enumerated() {
            peer.send(Array(request.bytes.prefix(3 + number * 40)))
        }
        let peer = try server.peer()
        for _ in 0..<10 { #expect(try peer.exchange(TestRequest()).status == 200) }
        for (number, peer) in halves.enumerated() {
            peer.send(Array(request.bytes.dropFirst(3 + number * 40)))
            #expect(try peer.answer().body == "POST /callback late")
        }
        #expect(server.incidents.rest.isEmpty)
    }

    @Test("a request that does not come in time is closed and counted, though its peer is silent")
    func deadline() throws {
        let limits = Listener.Limits(workers: 2, ioTimeout: .milliseconds(50))
        let server = try TestServer(limits, handler: Handler.echo)
        let request = TestRequest(body: [1, 2, 3]).bytes
        for _ in 0..<2 {
            let peers = try (1...5).map { number in
                let peer = try server.peer()
                peer.send(Array(request.prefix(number * 50)))
                return peer
            }
            for peer in peers {
                #expect(peer.isClosed())
                #expect(server.incidents.take() == .timedOut)
            }
        }
        #expect(server.server.metrics.timeouts == 10)
        #expect(server.server.monitor.withLock { $0.heldBytes } == 0)
        #expect(try server.peer().exchange(TestRequest()).status == 200)
    }

    @Test("a peer that sends a byte now and then gets no more time than others")
    func trickle() throws {
        let limits = Listener.Limits(workers: 1, ioTimeout: .milliseconds(50))
        let server = try TestServer(limits, handler: Handler.echo)
        let peer = try server.peer()
        peer.send(TestRequest(declaredLength: "1000000").head)
        let begin = ContinuousClock.now
        while peer.send(Record(.input, [1]).bytes), ContinuousClock.now < begin + .seconds(10) {}
        #expect(server.incidents.take() == .timedOut)
    }

    @Test("what follows a complete request before its answer closes the connection")
    func pipelined() throws {
        let server = try TestServer(handler: Handler.echo)
        for more in [[0], Self.question, TestRequest().bytes] {
            let peer = try server.peer()
            peer.send(TestRequest(body: [1, 2]).bytes + more)
            #expect(peer.isClosed())
            #expect(server.incidents.take() == .malformedRequest)
        }
        #expect(server.server.metrics.requests == 0)
    }

    @Test("a request is answered the same however it is split", arguments: 1...6)
    func cuts(seed: UInt64) throws {
        var random = MalformedTests.Seeded(state: seed)
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        for round in 0..<20 {
            let text = String(
                repeating: "\(round) ", count: Int.random(in: 0...400, using: &random))
            let request = TestRequest(
                uri: "/\(round)", body: Array(text.utf8),
                extra: [("LONG", String(repeating: "y", count: round * 50))])
            let most = Int.random(in: 20...1_000, using: &random)
            for part in CollectorTests.pieces(request.bytes, most: most, using: &random) {
                peer.send(Array(part))
            }
            #expect(try peer.answer().body == "POST /\(round) " + text)
        }
        #expect(server.incidents.rest.isEmpty)
    }

    @Test("parts that together take too much memory are not kept")
    func memory() throws {
        let limits = Listener.Limits(workers: 1, partialBytes: 250_000)
        let server = try TestServer(limits, handler: Handler.echo)
        let request = TestRequest(body: [UInt8](repeating: 1, count: 150_000)).bytes
        let first = try server.peer()
        first.send(Array(request.dropLast(8)))
        // Another worker's answer does not show that the first was read; the held bytes do.
        while server.server.monitor.withLock({ $0.heldBytes }) < 150_000 {}
        let second = try server.peer()
        second.send(Array(request.dropLast(8)))
        #expect(second.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
        first.send(Array(request.suffix(8)))
        #expect(try first.answer().status == 200)
    }

    @Test("a request that has come in part is finished within the drain")
    func drain() throws {
        let server = try TestServer(handler: Handler.echo)
        let request = TestRequest(body: Array("late".utf8)).bytes
        let peers = try (0..<2).map { _ in try server.peer() }
        for peer in peers { peer.send(Array(request.prefix(100))) }
        while server.server.monitor.withLock({ $0.heldBytes }) < 180 {}
        let result = Inbox<Int>()
        Thread { result.put(server.server.drain(deadline: .now + .milliseconds(300))) }.start()
        while (try? server.peer()) != nil {}
        peers[0].send(Array(request.dropFirst(100)))
        #expect(try peers[0].answer().body == "POST /callback late")
        // The other one never ends, and the drain does not wait beyond its deadline.
        #expect(peers[1].isClosed())
        #expect(result.take() == 0)
        #expect(server.server.metrics.openConnections == 0)
    }
}
