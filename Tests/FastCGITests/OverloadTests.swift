import Foundation
import Glibc
import Testing

import TestSupport
@testable import FastCGI

@Suite("Overload", .blocking, .timeLimit(.minutes(10)))
struct OverloadTests {
    /// Answers `/health/live` at once, and passes everything else to the test.
    private struct Gatekeeper: ExchangeHandler {
        let inbox = Inbox<Exchange>()
        /// What a handler's thread waits for with each request.
        var gate: DispatchSemaphore?

        func handle(_ exchange: Exchange) {
            guard !answersAtOnce(exchange) else {
                exchange.respond(Response(.ok, body: Array("live".utf8)))
                return
            }
            inbox.put(exchange)
            gate?.wait()
        }

        func answersAtOnce(_ exchange: Exchange) -> Bool {
            exchange.documentURI == "/health/live"
        }
    }

    private static let live = TestRequest(method: "GET", uri: "/health/live")

    @Test("a request that needs no handler is answered while all handlers are blocked")
    func blockedHandlers() throws {
        let handler = Gatekeeper(gate: DispatchSemaphore(value: 0))
        let limits = Listener.Limits(workers: 1, handlers: 2, queueTime: .seconds(600))
        let server = try TestServer(limits, handler: handler)
        let peers = try (0..<64).map { _ in try server.peer() }
        for peer in peers { peer.send(TestRequest().bytes) }
        let blocked = try (0..<2).map { _ in try #require(handler.inbox.take()) }
        #expect(try server.peer().exchange(Self.live).body == "live")
        // All are read, and none is lost.
        for exchange in blocked { exchange.respond(Response(.ok)) }
        for _ in 0..<64 { handler.gate?.signal() }
        for _ in 2..<64 { try #require(handler.inbox.take()).respond(Response(.ok)) }
        for peer in peers { #expect(try peer.answer().status == 200) }
        #expect(server.incidents.rest.isEmpty)
    }

    @Test("the same while as many requests as allowed are in flight")
    func bound() throws {
        let handler = Gatekeeper()
        let limits = Listener.Limits(workers: 2, maxInFlight: 3, queueTime: .seconds(600))
        let server = try TestServer(limits, handler: handler)
        let peers = try (0..<5).map { _ in try server.peer() }
        for peer in peers { peer.send(TestRequest().bytes) }
        let first = try (0..<3).map { _ in try #require(handler.inbox.take()) }
        #expect(waitUntil(within: .seconds(10)) { server.server.metrics.waiting >= 2 })
        #expect(try server.peer().exchange(Self.live).body == "live")
        #expect(server.server.metrics.inFlight == 3)
        for exchange in first { exchange.respond(Response(.ok)) }
        for _ in 0..<2 { try #require(handler.inbox.take()).respond(Response(.ok)) }
        for peer in peers { #expect(try peer.answer().status == 200) }
    }

    @Test("what waits for too long is refused with 503, though no request is ever answered")
    func overdue() throws {
        for handlers in [0, 1] {
            let handler = Gatekeeper(gate: handlers == 0 ? nil : DispatchSemaphore(value: 0))
            let limits = Listener.Limits(
                workers: 1, handlers: handlers, maxInFlight: 1, queueTime: .milliseconds(50))
            let server = try TestServer(limits, handler: handler)
            let busy = try server.peer()
            busy.send(TestRequest().bytes)
            let exchange = try #require(handler.inbox.take())
            let late = try server.peer().exchange(TestRequest(body: [1, 2]))
            #expect(late.status == 503)
            #expect(late.head.contains("Retry-After: 5"))
            #expect(server.incidents.take() == .refused)
            #expect(server.server.metrics.refused == 1)
            exchange.respond(Response(.ok))
            handler.gate?.signal()
            #expect(try busy.answer().status == 200)
        }
    }

    @Test("of more requests than may wait the oldest is refused, and the newest is served")
    func tooMany() throws {
        let handler = Gatekeeper()
        let limits = Listener.Limits(
            workers: 1, maxConnections: 1, maxInFlight: 1, queueTime: .seconds(600))
        let server = try TestServer(limits, handler: handler)
        let peers = try (0..<3).map { number in
            let peer = try server.peer()
            peer.send(TestRequest(uri: "/\(number)").bytes)
            #expect(waitUntil(within: .seconds(10)) { server.server.metrics.requests > number })
            return peer
        }
        #expect(try peers[1].answer().status == 503)
        try #require(handler.inbox.take()).respond(Response(.ok))
        let last = try #require(handler.inbox.take())
        #expect(last.requestURI == "/2")
        last.respond(Response(.ok))
        #expect(try peers[2].answer().status == 200)
    }

    @Test("so is the oldest when their bodies together take too much memory")
    func tooLarge() throws {
        let handler = Gatekeeper()
        let limits = Listener.Limits(
            workers: 1, maxInFlight: 1, queueTime: .seconds(600), partialBytes: 25_000)
        let server = try TestServer(limits, handler: handler)
        let body = [UInt8](repeating: 1, count: 10_000)
        let peers = try (0..<4).map { number in
            let peer = try server.peer()
            peer.send(TestRequest(body: body).bytes)
            #expect(waitUntil(within: .seconds(10)) { server.server.metrics.requests > number })
            return peer
        }
        #expect(try peers[1].answer().status == 503)
        for _ in 0..<3 { try #require(handler.inbox.take()).respond(Response(.ok)) }
        for peer in [peers[0], peers[2], peers[3]] { #expect(try peer.answer().status == 200) }
    }

    @Test("at the bound the connection idle for longest is closed, and new ones are served")
    func longestIdle() throws {
        let limits = Listener.Limits(workers: 2, maxConnections: 3)
        let server = try TestServer(limits, handler: Handler.echo)
        let kept = try (0..<3).map { _ in
            let peer = try server.peer()
            #expect(try peer.exchange(TestRequest()).status == 200)
            return peer
        }
        // The first is used again, so the second has been idle for longest.
        #expect(try kept[0].exchange(TestRequest()).status == 200)
        let new = try server.peer()
        #expect(try new.exchange(TestRequest()).status == 200)
        #expect(kept[1].isClosed())
        #expect(try kept[0].exchange(TestRequest()).status == 200)
        #expect(try kept[2].exchange(TestRequest()).status == 200)
        #expect(server.incidents.take() == .connectionsExhausted)
        #expect(server.server.metrics.exhaustions == 1)
    }

    @Test("a stall with more callers than connections is survived: all are served after it")
    func stall() throws {
        let inbox = Inbox<Exchange>()
        let limits = Listener.Limits(workers: 2, maxConnections: 8, maxInFlight: 8)
        let server = try TestServer(limits, handler: Handler { inbox.put($0) })
        // Kept by as many web servers, and idle again.
        let kept = try (0..<8).map { _ in
            let peer = try server.peer()
            peer.send(TestRequest().bytes)
            try #require(inbox.take()).respond(Response(.ok))
            #expect(try peer.answer().status == 200)
            return peer
        }
        let new = try (0..<12).map { _ in
            let peer = try server.peer()
            peer.send(TestRequest().bytes)
            return peer
        }
        var exchanges = try (0..<8).map { _ in try #require(inbox.take()) }
        for exchange in exchanges { exchange.respond(Response(.ok)) }
        exchanges = try (0..<4).map { _ in try #require(inbox.take()) }
        for exchange in exchanges { exchange.respond(Response(.ok)) }
        for peer in new { #expect(try peer.answer().status == 200) }
        #expect(kept.count == 8)
    }

    @Test("no request is lost when its connection is closed just as it comes")
    func closedWhileSending() throws {
        let limits = Listener.Limits(
            workers: 2, maxConnections: 2, ioTimeout: .milliseconds(100))
        let server = try TestServer(limits, handler: Handler.echo)
        // The last of three connections always finds the room taken by two idle ones.
        let outcomes = Inbox<Bool>()
        for _ in 0..<4 {
            Thread {
                for _ in 0..<300 {
                    guard let peer = try? server.peer() else { return outcomes.put(false) }
                    guard peer.send(TestRequest().bytes), (try? peer.answer())?.status == 200
                    else { return outcomes.put(false) }
                    // Kept: either it cannot be sent at all, or it is answered.
                    let wasSent = peer.send(TestRequest(body: Array("again".utf8)).bytes)
                    let answer = try? peer.answer()
                    guard !wasSent || answer?.status == 200 else { return outcomes.put(false) }
                }
                outcomes.put(true)
            }.start()
        }
        for _ in 0..<4 { #expect(outcomes.take() == true) }
        #expect(server.server.metrics.exhaustions > 0)
    }

    @Test("silent connections, as many as allowed, block a socket only for a moment")
    func silent() throws {
        let limits = Listener.Limits(
            workers: 1, maxConnections: 4, ioTimeout: .milliseconds(500))
        let server = try TestServer(limits, handler: Handler.echo)
        let silent = try (0..<8).map { _ in try server.peer() }
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest()).status == 200)
        // Each of them has its deadline, even if no other connection needs room.
        for peer in silent { #expect(peer.isClosed()) }
        #expect(try server.peer().exchange(TestRequest()).status == 200)
    }

    @Test("a connection that was accepted is served though its bytes come only during the drain")
    func freshInDrain() throws {
        let server = try TestServer(handler: Handler.echo)
        let fresh = try (0..<8).map { _ in try server.peer() }
        #expect(waitUntil(within: .seconds(10)) { server.server.metrics.acceptedConnections >= 8 })
        let result = Inbox<Int>()
        Thread { result.put(server.server.drain(deadline: .now + .seconds(30))) }.start()
        while (try? server.peer()) != nil {}
        for peer in fresh { #expect(try peer.exchange(TestRequest()).status == 200) }
        #expect(result.take() == 0)
    }

    @Test("connections in the queue of our own socket when the drain begins are served")
    func backlog() throws {
        let gate = DispatchSemaphore(value: 0)
        let entered = Inbox<Bool>()
        let server = try TestServer(
            Listener.Limits(workers: 1),
            handler: Handler { exchange in
                entered.put(true)
                gate.wait()
                exchange.respond(Response(.ok))
            })
        let busy = try server.peer()
        busy.send(TestRequest().bytes)
        #expect(entered.take() == true)
        // The only worker is in the handler, so nobody accepts these.
        let queued = try (0..<4).map { _ in
            let peer = try server.peer()
            peer.send(TestRequest().bytes)
            return peer
        }
        let result = Inbox<Int>()
        Thread { result.put(server.server.drain(deadline: .now + .seconds(30))) }.start()
        while (try? server.peer()) != nil {}
        for _ in 0..<5 { gate.signal() }
        for peer in [busy] + queued { #expect(try peer.answer().status == 200) }
        #expect(result.take() == 0)
    }

    @Test("at the drain's deadline waiting requests are refused, not cut off")
    func refusedAtTheEnd() throws {
        let handler = Gatekeeper()
        let limits = Listener.Limits(workers: 1, maxInFlight: 1, queueTime: .seconds(600))
        let server = try TestServer(limits, handler: handler)
        let peers = try (0..<2).map { _ in try server.peer() }
        peers[0].send(TestRequest().bytes)
        let exchange = try #require(handler.inbox.take())
        peers[1].send(TestRequest().bytes)
        #expect(waitUntil(within: .seconds(10)) { server.server.metrics.waiting >= 1 })
        #expect(server.server.drain(deadline: .now + .milliseconds(20)) == 1)
        #expect(try peers[1].answer().status == 503)
        exchange.respond(Response(.ok))
        #expect(try peers[0].answer().status == 200)
    }
}
