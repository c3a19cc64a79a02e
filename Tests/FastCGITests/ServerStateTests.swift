import TestSupport
import Testing

@testable import FastCGI

@Suite("The state of a server, without a server")
struct ServerStateTests {
    private let start = ContinuousClock.now

    @Test("a listener without room or descriptors is not watched until a connection closes")
    func parked() {
        var state = State(State.Bounds(connections: 1, inFlight: 2))
        #expect(state.beginAccepting().isAccept)
        #expect(state.beginAccepting().isNothing)
        let first = state.admit(10, at: start).newConnection
        #expect(state.endAccepting(refused: true).isParkListener)
        #expect(state.beginAccepting().isNothing)
        #expect(state.unpark().isWatchListener)
        #expect(state.beginAccepting().isAccept)
        // As many again as the bound.
        #expect(state.mayAccept)
        #expect(state.admit(11, at: start).newConnection != first)
        #expect(!state.mayAccept)
        #expect(state.endAccepting(refused: false).isParkListener)
        #expect(state.unpark().isNothing)
        guard case .serve(10, nil, hasRoom: true) = state.take(first ?? 0) else {
            Issue.record("not served")
            return
        }
        #expect(state.finish(first ?? 0, .close, at: start).isClose)
        #expect(state.unpark().isWatchListener)
    }

    @Test("a connection accepted while the drain began is served; one after its end is not")
    func stoppedInAccept() {
        var state = State(State.Bounds(connections: 2, inFlight: 2))
        #expect(state.beginAccepting().isAccept)
        #expect(state.stopAccepting().isNothing)
        #expect(!state.mayAccept)
        #expect(state.admit(10, at: start).newConnection != nil)
        #expect(state.endAccepting(refused: false).isCloseListener)
        #expect(state.unpark().isNothing)
        #expect(state.stopAccepting().isNothing)
        state.stop()
        #expect(state.admit(11, at: start).isClose)
    }

    @Test("the timer is started by one thread at a time, and for the earliest deadline in the end")
    func timer() {
        var state = State(State.Bounds(connections: 2, inFlight: 2))
        let (soon, later, latest) = (
            start + .seconds(1), start + .seconds(2), start + .seconds(3)
        )
        #expect(state.mustSweep(by: later).timer == later)
        // Another thread, while the first one is in its system call.
        #expect(state.mustSweep(by: latest).isNothing)
        #expect(state.mustSweep(by: soon).isNothing)
        #expect(state.timerStarted(for: later).timer == soon)
        #expect(state.timerStarted(for: soon).isNothing)
        #expect(state.mustSweep(by: later).isNothing)
        // It fires while it is being started again: the deadline it was started for is gone.
        #expect(state.mustSweep(by: start).timer == start)
        #expect(state.nextSweep(at: latest).isNothing)
        #expect(state.timerStarted(for: start).isNothing)
        #expect(state.mustSweep(by: latest).timer == latest)
    }

    @Test("when memory is short the request that has waited for longest is refused, at last all")
    func refusals() {
        var state = State(State.Bounds(connections: 8, inFlight: 1, partialBytes: 10))
        let ids = (0..<4).compactMap { state.admit(Int32($0), at: start).newConnection }
        let isServed = ids.map { state.take($0).hasRoom }
        #expect(isServed == [true, false, false, false])
        let deadline = start + .seconds(1)
        #expect(state.hold(Held(connection: ids[1], bodyBytes: 6), until: deadline).isNothing)
        let refused = state.hold(Held(connection: ids[2], bodyBytes: 6), until: deadline)
        #expect(refused.refused == [ids[1]])
        #expect(state.hold(Held(connection: ids[3], bodyBytes: 1), until: deadline).isNothing)
        #expect(state.offerRoom().isNothing)
        #expect(state.finish(ids[0], .keep, at: start).isWatch)
        #expect(state.offerRoom().isSignalRoom)
        #expect(state.resume().handled == ids[2])
        #expect(state.resume().isNothing)
        #expect(state.refuseOverdue(at: start).isNothing)
        #expect(state.refuseOverdue(at: deadline).refused == [ids[3]])
        state.stop()
        #expect(state.refuseAll().isNothing)
    }

    @Test(
        "whatever happens, no deadline is missed and nothing is closed twice or left open",
        arguments: 0..<40 as Range<UInt64>)
    func invariants(seed: UInt64) {
        var model = ServerModel(seed: seed)
        for _ in 0..<3_000 {
            model.step()
            let problems = model.problems
            #expect(problems.isEmpty, "\(problems)")
            if !problems.isEmpty { return }
        }
        model.drain()
        #expect(model.problems.isEmpty, "\(model.problems)")
        #expect(model.open.isEmpty)
    }
}

typealias State = ServerState<Held>

/// A request that was passed to the state.
struct Held: WaitingRequest {
    let connection: UInt64
    let bodyBytes: Int
}

extension ServerState<Held>.Action {
    var isNothing: Bool { if case .nothing = self { true } else { false } }
    var isAccept: Bool { if case .accept = self { true } else { false } }
    var isWatchListener: Bool { if case .watchListener = self { true } else { false } }
    var isParkListener: Bool { if case .parkListener = self { true } else { false } }
    var isCloseListener: Bool { if case .closeListener = self { true } else { false } }
    var isWatch: Bool { if case .watch = self { true } else { false } }
    var isClose: Bool { if case .close = self { true } else { false } }
    var isSignalRoom: Bool { if case .signalRoom = self { true } else { false } }
    var newConnection: UInt64? { if case .watchNew(let id) = self { id } else { nil } }
    var hasRoom: Bool { if case .serve(_, _, let hasRoom) = self { hasRoom } else { false } }
    var timer: ContinuousClock.Instant? { if case .startTimer(let at) = self { at } else { nil } }
    var handled: UInt64? { if case .handle(let held) = self { held.connection } else { nil } }
    var refused: [UInt64] {
        if case .refuse(let held) = self { held.map(\.connection) } else { [] }
    }
}
