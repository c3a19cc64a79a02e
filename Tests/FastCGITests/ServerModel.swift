import TestSupport

@testable import FastCGI

/// A server without sockets: gives random events to the state, does the actions as the server does,
/// and checks what must always be true.
struct ServerModel {
    private var state = State(
        State.Bounds(connections: 3, inFlight: 2, partialBytes: 40, patience: .seconds(10)))
    private var random: SplitMix64
    private var now = ContinuousClock.now
    private var nextDescriptor: Int32 = 100

    /// Descriptors that were accepted and are not closed.
    private(set) var open: [Int32: UInt64] = [:]
    /// Connections that an event may come for.
    private var watched: Set<UInt64> = []
    /// Read, or with the handler.
    private var busy: Set<UInt64> = []
    private var discarding: Set<UInt64> = []
    private var isListenerWatched = true
    private var isListenerClosed = false
    private var isBackingOff = false
    private var hasRoomSignal = false
    private var timer: ContinuousClock.Instant?
    /// A thread is starting the timer.
    private var startingTimer: ContinuousClock.Instant?
    private var mistakes: [String] = []

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    // MARK: Events

    mutating func step() {
        now += .milliseconds(Int.random(in: 0...400, using: &random))
        finishStartingTimer()
        if let timer, timer <= now, startingTimer == nil || Bool.random(using: &random) { sweep() }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: accept()
        case 2, 3: watched.sorted().randomElement(using: &random).map { take($0) }
        case 4, 5, 6: busy.sorted().randomElement(using: &random).map { end($0) }
        case 7: serveWaiting()
        case 8: endBackOff()
        default: break
        }
        // A signal is not lost, whichever thread takes it.
        if hasRoomSignal, Int.random(in: 0..<4, using: &random) == 0 { serveWaiting() }
    }

    mutating func drain() {
        perform(state.stopAccepting())
        claimResting(isEnd: false)
        for _ in 0..<200 where !open.isEmpty {
            now += .milliseconds(200)
            finishStartingTimer()
            if let timer, timer <= now { sweep() }
            serveWaiting()
            for id in busy.sorted() { finish(id, .keep) }
        }
        state.stop()
        perform(state.refuseAll())
        for id in busy.sorted() { finish(id, .keep) }
        claimResting(isEnd: true)
    }

    private mutating func accept() {
        guard isListenerWatched, state.beginAccepting().isAccept else { return }
        isListenerWatched = false
        if state.mayAccept {
            nextDescriptor += 1
            admit(nextDescriptor)
        }
        let isRefused = Int.random(in: 0..<7, using: &random) == 0
        let action = state.endAccepting(refused: isRefused)
        isBackingOff = isRefused && action.isParkListener
        perform(action)
    }

    private mutating func admit(_ descriptor: Int32) {
        guard let id = state.admit(descriptor, at: now).newConnection else {
            mistakes.append("not admitted")
            return
        }
        open[descriptor] = id
        watched.insert(id)
        perform(state.claimSurplus(at: now))
        perform(state.mustSweep(by: now + .seconds(10)))
    }

    private mutating func take(_ id: UInt64) {
        // The event exists, and the connection is not watched until an action says so.
        watched.remove(id)
        switch state.take(id) {
        case .serve: busy.insert(id)
        case .discard:
            busy.insert(id)
            discarding.insert(id)
        case .nothing: mistakes.append("an event of \(id) was lost")
        default: mistakes.append("take")
        }
    }

    private mutating func end(_ id: UInt64) {
        if discarding.remove(id) != nil { return finish(id, .close) }
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            var collector = RequestCollector(bodyLimit: 1)
            busy.remove(id)
            perform(state.suspend(id, RequestPart(taking: &collector, now)), id)
            perform(state.offerRoom())
            perform(state.mustSweep(by: now + .seconds(10)))
        case 1, 2:
            busy.remove(id)
            let bytes = Int.random(in: 0...30, using: &random)
            let held = Held(connection: id, bodyBytes: bytes)
            perform(state.hold(held, until: now + .seconds(2)))
            perform(state.offerRoom())
            perform(state.unpark())
            perform(state.mustSweep(by: now + .seconds(2)))
        case 3:
            busy.remove(id)
            perform(state.putBack(id, at: now), id)
            perform(state.offerRoom())
            perform(state.mustSweep(by: now + .seconds(10)))
        case 4: finish(id, .close)
        case 5: finish(id, .discard)
        case 6: finish(id, .gone)
        default: finish(id, .keep)
        }
    }

    private mutating func finish(_ id: UInt64, _ outcome: ConnectionOutcome) {
        busy.remove(id)
        discarding.remove(id)
        let deadline = outcome == .discard ? now + .seconds(10) : nil
        // A stream's connection is no longer ours.
        if outcome == .gone { open = open.filter { $0.value != id } }
        perform(state.finish(id, outcome, at: now, until: deadline), id)
        if let deadline { perform(state.mustSweep(by: deadline)) }
        perform(state.unpark())
        perform(state.offerRoom())
    }

    private mutating func serveWaiting() {
        hasRoomSignal = false
        while case .handle(let held) = state.resume() { busy.insert(held.connection) }
    }

    private mutating func endBackOff() {
        guard isBackingOff else { return }
        isBackingOff = false
        perform(state.unpark())
    }

    private mutating func sweep() {
        timer = nil
        let late = state.claimLate(at: now)
        let overdue = state.refuseOverdue(at: now)
        perform(state.nextSweep(at: now))
        perform(overdue)
        perform(late)
    }

    private mutating func claimResting(isEnd: Bool) {
        perform(state.claimResting(at: now, isEnd: isEnd))
        perform(state.mustSweep(by: now + .milliseconds(500)))
    }

    // MARK: Actions

    private mutating func perform(_ action: State.Action, _ id: UInt64? = nil) {
        switch action {
        case .nothing, .accept, .serve, .discard, .handle, .watchNew: break
        case .watchListener: isListenerWatched = true
        case .parkListener: isListenerWatched = false
        case .closeListener:
            if isListenerClosed { mistakes.append("the listener was closed twice") }
            isListenerClosed = true
            isListenerWatched = false
        case .watch: if let id { watched.insert(id) }
        case .retire: if let id { retire([id]) }
        case .close: if let id { close(id) }
        case .closeSurplus(let claimed), .closeLate(let claimed), .closeResting(let claimed):
            retire(claimed.map(\.id))
        case .signalRoom: hasRoomSignal = true
        case .refuse(let held): for request in held { busy.insert(request.connection) }
        case .startTimer(let deadline): startingTimer = deadline
        }
    }

    /// Some have just got bytes from their peers, and go on.
    private mutating func retire(_ ids: [UInt64]) {
        for id in ids {
            watched.remove(id)
            if Int.random(in: 0..<4, using: &random) == 0, state.phase == .running {
                perform(state.release(id, to: .idle), id)
            } else {
                perform(state.forget(id), id)
                perform(state.unpark())
            }
        }
    }

    private mutating func close(_ id: UInt64) {
        let owned = open.filter { $0.value == id }
        if owned.count != 1 { mistakes.append("\(id) was closed though it is not open") }
        if watched.contains(id) { mistakes.append("\(id) was closed while it was watched") }
        for descriptor in owned.keys { open[descriptor] = nil }
    }

    private mutating func finishStartingTimer() {
        guard let deadline = startingTimer, Bool.random(using: &random) else { return }
        timer = deadline
        startingTimer = state.timerStarted(for: deadline).timer
    }

    // MARK: What must be true

    var problems: [String] {
        var problems = mistakes
        func check(_ isTrue: Bool, _ text: String) { if !isTrue { problems.append(text) } }
        let known = state.connections
        check(Set(known.keys) == Set(open.values), "known \(known.keys), open \(open.values)")
        // What is dropped is read whatever the load.
        check(state.inFlight <= 2 + discarding.count, "in flight \(state.inFlight)")
        check(state.inFlight == known.values.count { $0.isInFlight }, "in flight is wrong")
        check(known.count <= 6, "\(known.count) connections")
        check(
            Set(known.filter { $0.value.phase == .busy }.keys) == busy, "busy are others")
        check(!known.values.contains { $0.phase == .claimed }, "claimed by nobody")
        check(
            state.waiting.isEmpty || state.inFlight >= 2 || hasRoomSignal
                || state.phase == .stopped,
            "there is room, and what waits is not told")
        check(
            isListenerWatched || isListenerClosed || isBackingOff || known.count >= 6,
            "the listener rests for nothing")
        if startingTimer == nil, let first = firstDeadline {
            check(timer.map { $0 <= max(first, now) + .milliseconds(400) } ?? false, "no timer")
        }
        return problems
    }

    private var firstDeadline: ContinuousClock.Instant? {
        let timed = state.connections.values.filter { connection in
            switch connection.phase {
            case .fresh, .receiving, .discarding: true
            case .idle, .busy, .waiting, .claimed: false
            }
        }
        return (timed.map(\.deadline) + [state.waiting.nextDeadline]).compactMap { $0 }.min()
    }
}
