import Foundation
import Testing

import TestSupport
@testable import FastCGI

@Suite("Requests", .blocking, .timeLimit(.minutes(10)))
struct RequestTests {
    @Test("a request is answered with status, headers and body")
    func roundTrip() throws {
        let server = try TestServer(handler: Handler.echo)
        let answer = try server.peer().exchange(TestRequest(body: Array("{}".utf8)))
        #expect(answer.status == 200)
        #expect(answer.head.contains("Content-Type: text/plain; charset=utf-8"))
        #expect(answer.head.contains("Content-Length: 17"))
        #expect(answer.body == "POST /callback {}")
    }

    @Test("a header that came in several lines has all of them, another parameter its first")
    func repeatedHeader() throws {
        let server = try TestServer(
            handler: Handler { exchange in
                let names = ["HTTP_X_ONE", "HTTP_X_TWO", "HTTP_X", "HTTP_X_NONE", "REMOTE_USER"]
                let values = names.map { exchange.parameter($0) ?? "-" }
                exchange.respond(Response(.ok, body: Array(values.joined(separator: "|").utf8)))
            })
        var request = TestRequest()
        request.extra = [
            ("HTTP_X_TWO", "a"), ("HTTP_X_ONE", "1"), ("HTTP_X_TWO", ""), ("REMOTE_USER", "p"),
            ("HTTP_X", "short"), ("HTTP_X_TWO", "c=d"), ("REMOTE_USER", "q"),
        ]
        #expect(try server.peer().exchange(request).body == "1|a, , c=d|short|-|p")
    }

    @Test("a kept connection serves many requests, with and without a body")
    func kept() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        for number in 0..<500 {
            let body = number % 2 == 0 ? [] : Array("body \(number)".utf8)
            let answer = try peer.exchange(TestRequest(uri: "/\(number)", body: body))
            #expect(answer.body == "POST /\(number) " + String(decoding: body, as: UTF8.self))
        }
        let metrics = server.server.metrics
        #expect(metrics.acceptedConnections == 1)
        #expect(metrics.requests == 500)
    }

    @Test("a connection without keep_conn is closed after its answer")
    func notKept() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest(keep: false)).status == 200)
        #expect(peer.isClosed())
    }

    @Test("more idle kept connections than workers block no other request")
    func idle() throws {
        let server = try TestServer(handler: Handler.echo)
        let idle = try (0..<20).map { _ in try server.peer() }
        for peer in idle { #expect(try peer.exchange(TestRequest()).status == 200) }
        #expect(try server.peer().exchange(TestRequest()).status == 200)
        for peer in idle { #expect(try peer.exchange(TestRequest()).status == 200) }
    }

    @Test("an exchange is answered later, from another thread, in any order")
    func asynchronous() throws {
        let inbox = Inbox<Exchange>()
        let server = try TestServer(handler: Handler { inbox.put($0) })
        let peers = try (0..<8).map { _ in try server.peer() }
        for (number, peer) in peers.enumerated() { peer.send(TestRequest(uri: "/\(number)").bytes) }
        let exchanges = try peers.map { _ in try #require(inbox.take()) }
        #expect(server.server.metrics.inFlight == 8)
        for exchange in exchanges.reversed() {
            let body = Array((exchange.requestURI ?? "").utf8)
            exchange.respond(Response(.ok, body: body))
        }
        for (number, peer) in peers.enumerated() {
            #expect(try peer.answer().body == "/\(number)")
        }
    }

    @Test("parameters can be read before the answer and are gone after it")
    func parameters() throws {
        let inbox = Inbox<[String?]>()
        let server = try TestServer(
            handler: Handler { exchange in
                var seen = [
                    exchange.method, exchange.documentURI, exchange.contentType,
                    exchange.requestID, exchange.parameter("ABSENT"), exchange.parameter("LONG"),
                ]
                exchange.respond(PreparedResponse(Response(.noContent)))
                seen.append(exchange.method)
                inbox.put(seen)
            })
        let long = String(repeating: "x", count: 5_000)
        let peer = try server.peer()
        let answer = try peer.exchange(
            TestRequest(method: "GET", uri: "/a", extra: [("LONG", long)]))
        #expect(answer.head == "Status: 204 No Content")
        let seen = try #require(inbox.take())
        #expect(seen == ["GET", "/a", nil, "0123456789abcdef", nil, long, nil])
    }

    @Test("a second answer is ignored and reported")
    func answeredTwice() throws {
        let server = try TestServer(
            handler: Handler { exchange in
                exchange.respond(Response(.ok, body: Array("first".utf8)))
                exchange.respond(Response(.ok, body: Array("second".utf8)))
            })
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest()).body == "first")
        #expect(server.incidents.take() == .answeredTwice)
        #expect(try peer.exchange(TestRequest()).body == "first")
    }

    @Test("an exchange dropped without an answer gives 500")
    func dropped() throws {
        let server = try TestServer(handler: Handler { _ in })
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest()).status == 500)
        #expect(server.incidents.take() == .dropped)
        #expect(try peer.exchange(TestRequest()).status == 500)
    }

    @Test("beyond the limit in flight requests wait until one is answered")
    func backPressure() throws {
        let inbox = Inbox<Exchange>()
        let limits = Listener.Limits(workers: 2, maxInFlight: 2)
        let server = try TestServer(limits, handler: Handler { inbox.put($0) })
        let peers = try (0..<4).map { _ in try server.peer() }
        for peer in peers { peer.send(TestRequest().bytes) }
        for _ in 0..<4 {
            let exchange = try #require(inbox.take())
            #expect(server.server.metrics.inFlight <= 2)
            exchange.respond(Response(.ok))
        }
        for peer in peers { #expect(try peer.answer().status == 200) }
    }

    @Test("beyond twice the limit of connections new ones wait until one closes")
    func connectionLimit() throws {
        let inbox = Inbox<Exchange>()
        let limits = Listener.Limits(workers: 2, maxConnections: 2)
        let server = try TestServer(limits, handler: Handler { inbox.put($0) })
        let peers = try (0..<6).map { _ in try server.peer() }
        for peer in peers { peer.send(TestRequest().bytes) }
        for _ in peers {
            let exchange = try #require(inbox.take())
            #expect(server.server.metrics.openConnections <= 4)
            exchange.respond(Response(.ok))
        }
        for peer in peers { #expect(try peer.answer().status == 200) }
        #expect(server.incidents.rest.contains(.connectionsExhausted))
    }

    @Test("many peers at once, answered by other threads, get each its own answer")
    func manyPeers() throws {
        let inbox = Inbox<Exchange?>()
        let limits = Listener.Limits(workers: 4, maxConnections: 12, maxInFlight: 6)
        let server = try TestServer(limits, handler: Handler { inbox.put($0) })
        for _ in 0..<3 {
            Thread {
                while case .some(.some(let exchange)) = inbox.take() {
                    let body = (try? exchange.readBody(limit: 100_000)) ?? []
                    exchange.respond(Response(.ok, body: body))
                }
            }.start()
        }
        let results = Inbox<Int>()
        for number in 0..<16 {
            let peer = try server.peer()
            Thread {
                var right = 0
                for round in 0..<50 {
                    let text = String(repeating: "\(number) \(round) ", count: round * 40 + 1)
                    let request = TestRequest(body: Array(text.utf8))
                    if (try? peer.exchange(request))?.body == text { right += 1 }
                }
                peer.close()
                results.put(right)
            }.start()
        }
        for _ in 0..<16 { #expect(results.take() == 50) }
        for _ in 0..<3 { inbox.put(nil) }
        // There are a few more than the limit, and none of them blocks another.
        #expect(server.incidents.rest.allSatisfy { $0 == .connectionsExhausted })
        #expect(server.server.metrics.requests == 800)
    }

    @Test("a large answer arrives whole")
    func largeAnswer() throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 % 95 + 32) }
        let server = try TestServer(handler: Handler { $0.respond(Response(.ok, body: body)) })
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest()).body == String(decoding: body, as: UTF8.self))
        #expect(try peer.exchange(TestRequest()).status == 200)
    }
}
