import Foundation
import System
import Testing

import TestSupport
@testable import FastCGI

@Suite("Bodies", .blocking, .timeLimit(.minutes(10)))
struct BodyTests {
    @Test(
        "bodies of every size around the buffers' are read whole",
        arguments: [
            1, 500, 8_175, 8_176, 8_191, 8_192, 8_193, 65_535, 65_536, 1_000_000,
        ])
    func sizes(size: Int) throws {
        let inbox = Inbox<[UInt8]>()
        let server = try TestServer(
            handler: Handler { exchange in
                inbox.put((try? exchange.readBody(limit: 1_000_000)) ?? [])
                exchange.respond(Response(.ok))
            })
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let peer = try server.peer()
        for _ in 0..<2 {
            #expect(try peer.exchange(TestRequest(body: body)).status == 200)
            #expect(inbox.take() == body)
        }
    }

    @Test("a body of unknown length is all that came before the end of the input")
    func untoldLength() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        var request = TestRequest(body: Array("in chunks".utf8))
        request.tellsLength = false
        let answer = try peer.exchange(request)
        #expect(answer.status == 200)
        #expect(answer.body == "POST /callback in chunks")
        // The end decides: without it the request is incomplete.
        let other = try server.peer()
        #expect(other.send(request.bytes.dropLast(8)))
        other.close()
        #expect(server.incidents.take() == .malformedRequest)
        var tooLarge = TestRequest(body: [UInt8](repeating: 1, count: (1 << 20) + 1))
        tooLarge.tellsLength = false
        #expect(try server.peer().exchange(tooLarge).status == 400)
    }

    @Test("a body over the limit is refused unread, and the connection closed after the answer")
    func tooLarge() throws {
        let server = try TestServer(
            handler: Handler { exchange in
                do throws(FastCGIError) {
                    _ = try exchange.readBody(limit: 1_000)
                } catch {
                    #expect(error.code == .bodyTooLarge)
                    exchange.respond(Response(.contentTooLarge))
                }
            })
        let peer = try server.peer()
        // More than the socket holds: the peer is still writing when the answer comes.
        #expect(peer.send(TestRequest(body: [UInt8](repeating: 1, count: 2_000_000)).bytes))
        #expect(try peer.answer().status == 413)
        #expect(peer.isClosed())
    }

    @Test("a body that nobody read closes the connection after the answer")
    func unread() throws {
        let server = try TestServer(handler: Handler { $0.respond(Response(.ok)) })
        let peer = try server.peer()
        #expect(try peer.exchange(TestRequest(body: [1, 2, 3])).status == 200)
        #expect(peer.isClosed())
        let other = try server.peer()
        #expect(try other.exchange(TestRequest()).status == 200)
        #expect(try other.exchange(TestRequest()).status == 200)
    }

    @Test("a body over the listener's limit is refused while the peer still sends it")
    func beyondListener() throws {
        let limits = Listener.Limits(workers: 1, bodyBytes: 100_000)
        let inbox = Inbox<FastCGIError?>()
        let server = try TestServer(limits, handler: Self.reader(inbox, limit: 1 << 30))
        let peer = try server.peer()
        let request = TestRequest(body: [UInt8](repeating: 1, count: 2_000_000))
        #expect(peer.send(request.bytes))
        #expect(inbox.take()??.code == .bodyTooLarge)
        #expect(try peer.answer().status == 400)
        #expect(peer.isClosed())
        #expect(server.incidents.rest.isEmpty)
    }

    @Test("a peer that keeps sending after a refusal, or waits, is closed in the end")
    func endlessDiscard() throws {
        let limits = Listener.Limits(
            workers: 1, ioTimeout: .milliseconds(50), bodyBytes: 10_000)
        let server = try TestServer(limits, handler: Handler.echo)
        let peer = try server.peer()
        let request = TestRequest(body: [UInt8](repeating: 1, count: 50_000))
        peer.send(Array(request.bytes.dropLast(9)))
        #expect(try peer.answer().status == 400)
        #expect(peer.isClosed())
        while server.server.metrics.openConnections > 0 {}
        #expect(server.server.metrics.timeouts == 0)
    }

    @Test("the largest body of a provider arrives whole and is freed afterwards")
    func twelveMebibytes() throws {
        let body = (0..<12 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 13) }
        let inbox = Inbox<Bool>()
        let server = try TestServer(
            handler: Handler { exchange in
                inbox.put((try? exchange.readBody(limit: 12 << 20)) == body)
                exchange.respond(Response(.ok))
            })
        let peer = try server.peer()
        for _ in 0..<3 {
            #expect(try peer.exchange(TestRequest(body: body)).status == 200)
            #expect(inbox.take() == true)
        }
        #expect(server.server.monitor.withLock { $0.heldBytes } == 0)
    }

    @Test("a peer that closes in mid-body is closed and counted")
    func aborted() throws {
        let server = try TestServer(handler: Handler.echo)
        let peer = try server.peer()
        let request = TestRequest(body: [UInt8](repeating: 7, count: 1_000))
        peer.send(Array(request.bytes.dropLast(500)))
        peer.endSending()
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .malformedRequest)
        #expect(server.server.metrics.requests == 0)
    }

    @Test("a peer that stalls in mid-body is closed and counted, and holds no worker meanwhile")
    func stalled() throws {
        let limits = Listener.Limits(workers: 1, ioTimeout: .milliseconds(50))
        let server = try TestServer(limits, handler: Handler.echo)
        let peer = try server.peer()
        peer.send(TestRequest(declaredLength: "10").head)
        #expect(try server.peer().exchange(TestRequest()).status == 200)
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .timedOut)
    }

    @Test("a peer that stalls before its parameters end is closed and counted")
    func stalledParameters() throws {
        let limits = Listener.Limits(workers: 1, ioTimeout: .milliseconds(50))
        let server = try TestServer(limits, handler: Handler.echo)
        let peer = try server.peer()
        peer.send(Record.begin(keep: true).bytes + [1, 4])
        #expect(peer.isClosed())
        #expect(server.incidents.take() == .timedOut)
        #expect(server.server.metrics.timeouts == 1)
    }

    @Test(
        "a CONTENT_LENGTH that disagrees with the body is refused",
        arguments: [
            ("4", FastCGIError.Code.lengthMismatch), ("2", .lengthMismatch), ("", .lengthMismatch),
            ("0", .lengthMismatch), ("x", .malformedLength), ("-3", .malformedLength),
            ("+3", .malformedLength), ("3 ", .malformedLength), ("0x3", .malformedLength),
            ("9999999999999999999999", .malformedLength),
            ("999999999999999999", .bodyTooLarge),
        ])
    func wrongLength(declared: String, code: FastCGIError.Code) throws {
        let inbox = Inbox<FastCGIError?>()
        let server = try TestServer(handler: Self.reader(inbox))
        let peer = try server.peer()
        peer.send(TestRequest(body: [1, 2, 3], declaredLength: declared).bytes)
        #expect(inbox.take()??.code == code)
        #expect(try peer.answer().status == 400)
        #expect(peer.isClosed())
    }

    @Test("a body is read once")
    func once() throws {
        let inbox = Inbox<FastCGIError?>()
        let server = try TestServer(
            handler: Handler { exchange in
                _ = try? exchange.readBody(limit: 10)
                Self.reader(inbox).handle(exchange)
                Self.read(exchange, inbox)
            })
        _ = try server.peer().exchange(TestRequest(body: [1, 2, 3]))
        #expect(inbox.take()??.code == .bodyUnavailable)
        #expect(inbox.take()??.code == .bodyUnavailable)
    }

    /// Adds nil for a body that was read.
    private static func read(_ exchange: Exchange, _ inbox: Inbox<FastCGIError?>) {
        do throws(FastCGIError) {
            _ = try exchange.readBody(limit: 1_000)
            inbox.put(nil)
        } catch {
            inbox.put(error)
        }
    }

    private static func reader(_ inbox: Inbox<FastCGIError?>, limit: Int = 1_000) -> Handler {
        Handler { exchange in
            do throws(FastCGIError) {
                _ = try exchange.readBody(limit: limit)
                inbox.put(nil)
                exchange.respond(Response(.ok))
            } catch {
                inbox.put(error)
                exchange.respond(Response(.badRequest))
            }
        }
    }
}
