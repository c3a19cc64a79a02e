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

    @Test("a drain past its deadline returns how many are unanswered; they can be answered still")
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

    @Test("a worker stuck in its handler does not hold the drain up")
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
        // It never sends anything, and is not waited for until the deadline.
        #expect(peers[2].isClosed())
        second.respond(Response(.ok))
        #expect(try peers[0].answer().status == 200)
        #expect(try peers[1].answer().status == 200)
        #expect(result.take() == 0)
    }

    @Test("a listener without room or descriptors rests until a connection goes")
    func parked() throws {
        var state = ServerState(ServerState.Bounds(connections: 1, inFlight: 2))
        let begun = [state.beginAccepting(), state.beginAccepting()]
        #expect(begun == [true, false])
        let first = try Self.admit(10, to: &state)
        let refused = state.endAccepting(refused: true)
        #expect(refused == .park)
        let unparked = [state.beginAccepting(), state.unpark(), state.beginAccepting()]
        #expect(unparked == [false, true, true])
        // As many again as the bound.
        let before = state.mayAccept()
        _ = try Self.admit(11, to: &state)
        let after = state.mayAccept()
        #expect([before, after] == [true, false])
        let full = state.endAccepting(refused: false)
        #expect(full == .park)
        let early = state.unpark()
        let taken = state.take(first)
        let finished = state.finish(first, .close, at: .now)
        let late = state.unpark()
        guard case .serve(10, nil, hasRoom: true) = taken else {
            Issue.record("not served")
            return
        }
        #expect(finished == .close)
        #expect([early, late] == [false, true])
    }

    private static func admit(_ descriptor: Int32, to state: inout ServerState) throws -> UInt64 {
        let id = state.admit(descriptor, at: .now)
        return try #require(id)
    }

    @Test("a connection accepted while the drain began is served; one behind its end is not")
    func stoppedInAccept() {
        var state = ServerState(ServerState.Bounds(connections: 2, inFlight: 2))
        let steps = [state.beginAccepting(), state.stopAccepting(), state.mayAccept()]
        #expect(steps == [true, false, false])
        let late = state.admit(10, at: .now)
        #expect(late != nil)
        let end = state.endAccepting(refused: false)
        #expect(end == .close)
        let after = [state.unpark(), state.stopAccepting()]
        #expect(after == [false, false])
        state.stop()
        let tooLate = state.admit(11, at: .now)
        #expect(tooLate == nil)
    }

    @Test("the state keeps its invariants over random events", arguments: 0..<20)
    func state(seed: UInt64) {
        var random = MalformedTests.Seeded(state: seed)
        var state = ServerState(ServerState.Bounds(connections: 3, inFlight: 3))
        var busy = [UInt64]()
        var known = [UInt64]()
        let start = ContinuousClock.now
        for step in 0..<2_000 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where state.beginAccepting():
                let now = start + .milliseconds(step * 10)
                if state.mayAccept(), let id = state.admit(Int32(step), at: now) {
                    known.append(id)
                }
                for (id, _) in state.claimSurplus(at: now) {
                    let wasKnown = state.forget(id)
                    #expect(wasKnown)
                }
                _ = state.endAccepting(refused: step % 7 == 0)
            case 1, 2:
                if let id = known.randomElement(using: &random) {
                    switch state.take(id) {
                    case .serve, .discard: busy.append(id)
                    case .nothing: break
                    }
                }
            case 3, 4:
                if let index = busy.indices.randomElement(using: &random) {
                    if step % 5 == 0 {
                        let id = busy.remove(at: index)
                        var collector = RequestCollector(bodyLimit: 1)
                        let part = RequestPart(taking: &collector, start)
                        let isKept = state.suspend(id, part)
                        #expect(isKept)
                        continue
                    }
                    let outcomes: [ConnectionOutcome] = [.keep, .close, .discard, .gone]
                    let outcome = outcomes[Int.random(in: 0..<4, using: &random)]
                    _ = state.finish(busy.remove(at: index), outcome, at: start)
                }
            default:
                _ = state.unpark()
                for (id, _) in state.sweep(start + .milliseconds(step * 10)).late {
                    let wasKnown = state.forget(id)
                    #expect(wasKnown)
                }
            }
            // Beyond the bound they are read, and count only when they have room.
            #expect(state.inFlight == min(state.inFlight, 3))
            #expect(state.inFlight == state.connections.values.count { $0.isInFlight })
            #expect(state.connections.count <= 6)
            #expect(state.connections.values.count { $0.phase == .busy } == busy.count)
        }
        _ = state.stopAccepting()
        for (id, _) in state.claimResting(at: start, isEnd: true) {
            let wasKnown = state.forget(id)
            #expect(wasKnown)
        }
        for id in busy {
            let action = state.finish(id, .keep, at: start)
            #expect(action == .retire)
            let wasKnown = state.forget(id)
            #expect(wasKnown)
        }
        #expect(state.connections.isEmpty)
    }
}
