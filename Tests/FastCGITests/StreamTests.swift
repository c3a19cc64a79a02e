import Foundation
import Glibc
import Testing

import TestSupport
@testable import FastCGI

@Suite("Streams", .blocking, .timeLimit(.minutes(10)))
struct StreamTests {
    /// A server whose requests all become streams of one hub.
    private struct Fixture {
        let hub: StreamHub
        let server: TestServer
        let ids = Inbox<StreamID>()
        let ends = Inbox<StreamEnd>()

        init(_ limits: StreamHub.Limits = .init()) throws {
            let ends = ends
            let hub = try StreamHub.start(limits: limits) { ends.put($1) }
            let ids = ids
            self.hub = hub
            server = try TestServer(
                handler: Handler { exchange in
                    do throws(FastCGIError) {
                        let headers: [HeaderField] = [.eventStream, .noStore]
                        ids.put(try hub.adopt(exchange, headers: headers))
                    } catch {
                        exchange.respond(Response(.serviceUnavailable))
                    }
                })
        }

        /// A peer whose stream is open and whose head was read.
        func open(requestID: UInt16 = 1) throws -> (peer: TestPeer, id: StreamID) {
            let peer = try server.peer()
            let request = TestRequest(method: "GET", keep: false, requestID: requestID)
            peer.send(request.bytes)
            let head = try #require(try peer.record())
            #expect(head.requestID == requestID)
            let text = String(decoding: head.content, as: UTF8.self)
            #expect(
                text == "Status: 200 OK\r\nContent-Type: text/event-stream\r\n"
                    + "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n")
            return (peer, try #require(ids.take()))
        }

        func stop() {
            server.server.drain(deadline: .now + .seconds(5))
            hub.drain(deadline: .now + .seconds(5))
        }
    }

    private func text(_ record: Record?) -> String {
        String(decoding: record?.content ?? [], as: UTF8.self)
    }

    @Test("a broadcast reaches every stream, whatever its request id, and occupies no worker")
    func broadcast() throws {
        let fixture = try Fixture()
        defer { fixture.stop() }
        let streams = try (0..<20).map { try fixture.open(requestID: UInt16($0 + 1)) }
        #expect(fixture.hub.count == 20)
        let metrics = fixture.server.server.metrics
        #expect(metrics.inFlight == 0)
        #expect(metrics.openConnections == 0)
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            #expect(fixture.hub.broadcast(Array(event.utf8)))
            for (number, stream) in streams.enumerated() {
                let record = try stream.peer.record()
                #expect(text(record) == event)
                #expect(record?.requestID == UInt16(number + 1))
            }
        }
    }

    @Test("a message to one stream reaches only that one, and close ends it properly")
    func sendAndClose() throws {
        let fixture = try Fixture()
        defer { fixture.stop() }
        let (first, firstID) = try fixture.open()
        let (second, _) = try fixture.open()
        fixture.hub.send(Array("one".utf8), to: firstID)
        fixture.hub.close(firstID)
        fixture.hub.send(Array("ignored".utf8), to: firstID)
        fixture.hub.broadcast(Array("all".utf8))
        #expect(text(try first.record()) == "one")
        #expect(try first.record() == Record(.output))
        #expect(try first.record() == Record(.end, [UInt8](repeating: 0, count: 8)))
        #expect(first.isClosed())
        #expect(fixture.ends.take() == .closed)
        #expect(text(try second.record()) == "all")
        #expect(fixture.hub.count == 1)
    }

    @Test("a message beyond a record's length is cut into records and arrives whole")
    func long() throws {
        let fixture = try Fixture(.init(streamBytes: 4 << 20))
        defer { fixture.stop() }
        let (peer, id) = try fixture.open()
        let message = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        // More than the socket holds, so the rest waits in the outbox.
        fixture.hub.send(message, to: id)
        fixture.hub.close(id)
        var got = [UInt8]()
        while let record = try peer.record(), record.kind == Record.Kind.output.rawValue {
            #expect(record.content.count <= 65_535)
            got += record.content
        }
        #expect(got == message)
        #expect(fixture.ends.take() == .closed)
    }

    @Test("a slow reader over its limit is dropped, the others go on")
    func slow() throws {
        let fixture = try Fixture(.init(streamBytes: 100_000))
        defer { fixture.stop() }
        let (slow, _) = try fixture.open()
        let (reader, _) = try fixture.open()
        let message = [UInt8](repeating: 65, count: 10_000)
        for _ in 0..<200 where fixture.hub.count == 2 {
            fixture.hub.broadcast(message)
            #expect(try reader.record()?.content.count == 10_000)
        }
        #expect(fixture.ends.take() == .tooSlow)
        fixture.hub.broadcast(Array("on".utf8))
        var last = try reader.record()
        while last?.content.count == 10_000 { last = try reader.record() }
        #expect(text(last) == "on")
        slow.close()
    }

    @Test("a peer that closes is noticed without a write")
    func peerCloses() throws {
        let fixture = try Fixture()
        defer { fixture.stop() }
        let (peer, _) = try fixture.open()
        peer.close()
        #expect(fixture.ends.take() == .peerClosed)
        #expect(fixture.hub.count == 0)
    }

    @Test("beyond the limit of streams a request gets another answer")
    func full() throws {
        let fixture = try Fixture(.init(maxStreams: 1))
        defer { fixture.stop() }
        let (peer, _) = try fixture.open()
        #expect(try fixture.server.peer().exchange(TestRequest(keep: false)).status == 503)
        peer.close()
        #expect(fixture.ends.take() == .peerClosed)
        _ = try fixture.open()
    }

    @Test("beyond the limit of the queue a broadcast is dropped")
    func fullQueue() throws {
        let fixture = try Fixture(.init(queueBytes: 1_000))
        defer { fixture.stop() }
        #expect(!fixture.hub.broadcast([UInt8](repeating: 0, count: 1_000)))
        #expect(fixture.hub.broadcast([UInt8](repeating: 0, count: 900)))
    }

    @Test("a drain ends every stream properly and refuses new ones")
    func drain() throws {
        let fixture = try Fixture()
        let streams = try (0..<5).map { _ in try fixture.open() }
        fixture.hub.broadcast(Array("last".utf8))
        #expect(fixture.hub.drain(deadline: .now + .seconds(10)) == 0)
        for stream in streams {
            #expect(text(try stream.peer.record()) == "last")
            #expect(try stream.peer.record() == Record(.output))
            #expect(try stream.peer.record()?.kind == Record.Kind.end.rawValue)
            #expect(stream.peer.isClosed())
            #expect(fixture.ends.take() == .closed)
        }
        #expect(try fixture.server.peer().exchange(TestRequest(keep: false)).status == 503)
        #expect(fixture.hub.drain(deadline: .now) == 0)
        fixture.server.server.drain(deadline: .now + .seconds(5))
    }

    @Test("a drain closes streams that do not read at its deadline")
    func drainDeadline() throws {
        let fixture = try Fixture(.init(streamBytes: 8 << 20))
        let (peer, id) = try fixture.open()
        fixture.hub.send([UInt8](repeating: 1, count: 4 << 20), to: id)
        #expect(fixture.hub.drain(deadline: .now + .milliseconds(20)) == 1)
        #expect(fixture.ends.take() == .cutOff)
        #expect(fixture.hub.count == 0)
        peer.close()
        fixture.stop()
    }

    @Test("an exchange that was answered opens no stream")
    func answered() throws {
        let codes = Inbox<FastCGIError.Code?>()
        let server = try TestServer(
            handler: Handler { exchange in
                exchange.respond(Response(.ok))
                do throws(FastCGIError) {
                    _ = try exchange.openStream(headers: [])
                    codes.put(nil)
                } catch {
                    codes.put(error.code)
                }
            })
        #expect(try server.peer().exchange(TestRequest()).status == 200)
        #expect(codes.take() == .alreadyAnswered)
    }

    @Test("an outbox gives its bytes in order, however many are taken at a time", arguments: 1...8)
    func outbox(seed: UInt64) {
        var random = MalformedTests.Seeded(state: seed)
        var outbox = StreamOutbox()
        var wanted = [UInt8]()
        var got = [UInt8]()
        for _ in 0..<500 {
            let chunk = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            outbox.append(chunk)
            wanted += chunk
            var budget = Int.random(in: 0...60, using: &random)
            let isAlive = outbox.flush { bytes in
                let count = min(bytes.count, budget)
                budget -= count
                got += bytes.prefix(count)
                return count
            }
            #expect(isAlive)
            #expect(outbox.pending == wanted.count - got.count)
        }
        #expect(
            outbox.flush {
                got += $0; return $0.count
            })
        #expect(got == wanted)
        outbox.append([1])
        #expect(!outbox.flush { _ in -1 })
    }
}
