import Foundation
import Glibc
import Testing

import TestSupport
@testable import FastCGI

@Suite("Long answers", .blocking, .timeLimit(.minutes(10)))
struct LongAnswerTests {
    /// A server whose requests all get long answers that a closure writes.
    private struct Fixture {
        let answers: LongAnswers
        let server: TestServer
        /// How each answer ended: nil for one that was ended properly.
        let ends = Inbox<FastCGIError.Code?>()

        init(
            _ limits: LongAnswers.Limits = .init(),
            _ write: @escaping @Sendable (inout LongAnswer) throws(FastCGIError) -> Void
        ) throws {
            let answers = try LongAnswers(limits: limits)
            let ends = ends
            self.answers = answers
            server = try TestServer(
                handler: Handler { exchange in
                    do throws(FastCGIError) {
                        try answers.run(exchange) { exchange in
                            do throws(FastCGIError) {
                                var answer = try answers.open(exchange, headers: [.plainText])
                                try write(&answer)
                                try answer.end()
                                ends.put(nil)
                            } catch {
                                ends.put(error.code)
                            }
                        }
                    } catch {
                        exchange.respond(Response(.serviceUnavailable))
                    }
                })
        }

        /// A peer that has read the head.
        func open() throws -> TestPeer {
            let peer = try server.peer()
            peer.send(TestRequest(method: "GET", keep: true).bytes)
            let head = try #require(try peer.record())
            #expect(
                String(decoding: head.content, as: UTF8.self)
                    == "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
            return peer
        }
    }

    @Test("pieces of any length arrive in order, and the end is a proper one")
    func whole() throws {
        let pieces = [0, 1, 65_528, 65_529, 200_000].map {
            [UInt8](repeating: UInt8($0 % 251), count: $0)
        }
        let fixture = try Fixture { answer throws(FastCGIError) in
            for piece in pieces { try answer.write(piece) }
        }
        let peer = try fixture.open()
        var got = [UInt8]()
        var last = try peer.record()
        while let record = last, record.kind == Record.Kind.output.rawValue, !record.content.isEmpty
        {
            got += record.content
            last = try peer.record()
        }
        #expect(got == pieces.flatMap { $0 })
        #expect(last == Record(.output))
        #expect(try peer.record() == Record(.end, [UInt8](repeating: 0, count: 8)))
        #expect(peer.isClosed())
        #expect(fixture.ends.take() == .some(nil))
    }

    @Test("a reader that stops holds neither worker nor memory, and gets the rest when it goes on")
    func slowReader() throws {
        let written = Inbox<Int>()
        let fixture = try Fixture { answer throws(FastCGIError) in
            for number in 0..<400 {
                try answer.write(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 60_000))
                written.put(number)
            }
        }
        let peer = try fixture.open()
        #expect(fixture.server.server.metrics.inFlight == 0)
        #expect(fixture.server.server.metrics.openConnections == 0)
        // The producer stops at what the socket holds, far below the 24 MB of the whole.
        var seen = 0
        while written.take(within: .milliseconds(300)) != nil { seen += 1 }
        #expect(seen < 40)
        var count = 0
        while let record = try peer.record(), record.kind == Record.Kind.output.rawValue {
            count += record.content.count
        }
        #expect(count == 400 * 60_000)
        #expect(fixture.ends.take() == .some(nil))
    }

    @Test("a reader that takes nothing for too long is cut off")
    func stalled() throws {
        let fixture = try Fixture(.init(stallTime: .milliseconds(50))) {
            answer throws(FastCGIError) in
            while true { try answer.write([UInt8](repeating: 1, count: 60_000)) }
        }
        let peer = try fixture.open()
        #expect(fixture.ends.take() == .some(.stalled))
        peer.close()
    }

    @Test("a peer that goes away ends the producer, also while that has nothing to write")
    func peerGone() throws {
        for writes in [true, false] {
            let fixture = try Fixture { answer throws(FastCGIError) in
                while true {
                    if writes {
                        try answer.write([UInt8](repeating: 1, count: 60_000))
                    } else {
                        try answer.keepAlive()
                        usleep(1_000)
                    }
                }
            }
            try fixture.open().close()
            #expect(fixture.ends.take() == .some(.peerFailed))
        }
    }

    @Test("silence is broken by a record without content")
    func beat() throws {
        let fixture = try Fixture(.init(beatTime: .milliseconds(1))) {
            answer throws(FastCGIError) in
            for _ in 0..<5 {
                usleep(2_000)
                try answer.keepAlive()
            }
        }
        let peer = try fixture.open()
        for _ in 0..<5 { #expect(try peer.record() == Record(kind: 7, requestID: 1, content: [])) }
        #expect(try peer.record() == Record(.output))
    }

    @Test("an answer that is dropped ends in a record that no web server takes for its end")
    func dropped() throws {
        let fixture = try Fixture { answer throws(FastCGIError) in
            try answer.write([65])
            throw FastCGIError(.bodyUnavailable, "made up")
        }
        let peer = try fixture.open()
        #expect(try peer.record() == Record(.output, [65]))
        #expect(throws: TestPeer.NoRecord.self) { try peer.record() }
        #expect(fixture.ends.take() == .some(.bodyUnavailable))
    }

    @Test("beyond the bound a request gets another answer, and one more when one has ended")
    func bound() throws {
        let fixture = try Fixture(.init(maxAnswers: 1)) { answer throws(FastCGIError) in
            while true { try answer.write([UInt8](repeating: 1, count: 60_000)) }
        }
        let peer = try fixture.open()
        #expect(try fixture.server.peer().exchange(TestRequest(keep: false)).status == 503)
        peer.close()
        #expect(fixture.ends.take() == .some(.peerFailed))
        try waitUntilEmpty(fixture.answers)
        _ = try fixture.open()
    }

    @Test("a drain lets answers end until its deadline, then cuts them off")
    func drain() throws {
        let fixture = try Fixture { answer throws(FastCGIError) in
            while true { try answer.write([UInt8](repeating: 1, count: 60_000)) }
        }
        let peer = try fixture.open()
        #expect(fixture.answers.drain(deadline: .now + .milliseconds(20)) == 1)
        #expect(fixture.ends.take() == .some(.draining))
        #expect(try fixture.server.peer().exchange(TestRequest(keep: false)).status == 503)
        // What the peer has not read is cut off in the middle, and not ended.
        #expect(throws: TestPeer.NoRecord.self) {
            while let record = try peer.record() {
                #expect(record.kind == Record.Kind.output.rawValue)
                #expect(record.content.allSatisfy { $0 == 1 } && !record.content.isEmpty)
            }
            throw TestPeer.NoRecord()
        }
        #expect(fixture.answers.drain(deadline: .now) == 0)
    }

    @Test("limits out of bounds are refused")
    func limits() {
        for limits in [
            LongAnswers.Limits(maxAnswers: 0), .init(maxAnswers: 1_001), .init(stallTime: .zero),
            .init(beatTime: .zero),
        ] {
            #expect(throws: FastCGIError.self) { try LongAnswers(limits: limits) }
        }
    }

    private func waitUntilEmpty(_ answers: LongAnswers) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while answers.count > 0, .now < deadline { sched_yield() }
        #expect(answers.count == 0)
    }
}
