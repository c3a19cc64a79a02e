import Foundation
import Glibc
import Testing

import TestSupport
@testable import FastCGI

@Suite("Drain", .blocking, .timeLimit(.minutes(10)))
struct DrainTests {
    @Test("in-flight requests are answered and their connections closed, idle ones closed at once")
    func inFlight() throws {
        let inbox = Inbox<Exchange>()
        let server = try TestServer(handler: Handler { inbox.put($0) })
        let idle = try server.peer()
        idle.send(TestRequest().bytes)
        try #require(inbox.take()).respond(Response(.ok))
        #expect(try idle.answer().status == 200)
        let busy = try server.peer()
        busy.send(TestRequest().bytes)
        let exchange = try #require(inbox.take())

        let result = Inbox<Int>()
        Thread { result.put(server.server.drain(deadline: .now + .seconds(30))) }.start()
        #expect(idle.isClosed())
        #expect(throws: TestPeer.Refused.self) { try server.peer() }
        exchange.respond(Response(.ok, body: Array("late".utf8)))
        #expect(try busy.answer().body == "late")
        #expect(busy.isClosed())
        #expect(result.take() == 0)
        #expect(server.server.metrics.openConnections == 0)
    }

    @Test("a drain past its deadline returns how many are unanswered; they can still be answered")
    func deadline() throws {
        let inbox = Inbox<Exchange>()
        let server = try TestServer(handler: Handler { inbox.put($0) })
        let peers = try (0..<3).map { _ in try server.peer() }
        for peer in peers { peer.send(TestRequest().bytes) }
        let exchanges = try peers.map { _ in try #require(inbox.take()) }
        #expect(server.server.drain(deadline: .now + .milliseconds(20)) == 3)
        for exchange in exchanges { exchange.respond(Response(.ok)) }
        for peer in peers {
            #expect(try peer.answer().status == 200)
            #expect(peer.isClosed())
        }
        #expect(server.server.drain(deadline: .now + .seconds(10)) == 0)
    }

    @Test("a worker stuck in its handler does not delay the drain")
    func stuck() throws {
        let gate = DispatchSemaphore(value: 0)
        let entered = Inbox<Bool>()
        let server = try TestServer(
            handler: Handler { exchange in
                entered.put(true)
                _ = gate.wait(timeout: .now() + 20)
                exchange.respond(Response(.ok))
            })
        let peer = try server.peer()
        peer.send(TestRequest().bytes)
        #expect(entered.take() == true)
        #expect(server.server.drain(deadline: .now) == 1)
        gate.signal()
        #expect(try peer.answer().status == 200)
    }

    @Test("requests that wait for room are served before the drain ends")
    func waiting() throws {
        let inbox = Inbox<Exchange>()
        let limits = Listener.Limits(workers: 2, maxInFlight: 1, ioTimeout: .seconds(1))
        let server = try TestServer(limits, handler: Handler { inbox.put($0) })
        let peers = try (0..<3).map { _ in try server.peer() }
        // One by one, so that all are accepted before the drain.
        peers[0].send(TestRequest().bytes)
        let first = try #require(inbox.take())
        peers[1].send(TestRequest().bytes)
        let result = Inbox<Int>()
        first.respond(Response(.ok))
        let second = try #require(inbox.take())
        Thread { result.put(server.server.drain(deadline: .now + .seconds(30))) }.start()
        // It never sends anything, and the drain does not wait for it until the deadline.
        #expect(peers[2].isClosed())
        second.respond(Response(.ok))
        #expect(try peers[0].answer().status == 200)
        #expect(try peers[1].answer().status == 200)
        #expect(result.take() == 0)
    }
}
