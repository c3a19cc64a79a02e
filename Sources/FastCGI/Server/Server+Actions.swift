internal import Glibc
internal import Synchronization
internal import System

/// Does what the state asks for, after unlocking.
extension Server {
    /// Under the lock: a connection is about to be watched; see `waitForArming`.
    func noteArming(_ action: State.Action) {
        switch action {
        case .watch, .watchNew: arming.add(1, ordering: .relaxed)
        default: break
        }
    }

    /// Does what concerns the connection of the event.
    func perform(_ action: State.Action, _ id: UInt64, _ descriptor: Int32) {
        switch action {
        case .watch:
            _ = poller.change(descriptor, id: id, [.input, .once])
            arming.subtract(1, ordering: .releasing)
        case .retire:
            retire(id, descriptor, from: .idle)
        case .close:
            Glibc.close(descriptor)
        default:
            perform(action)
        }
    }

    /// Does what concerns the listener, other connections, what waits, or the timer.
    func perform(_ action: State.Action) {
        switch action {
        case .nothing, .parkListener:
            break
        case .watchListener:
            _ = poller.change(socket.descriptor, id: Self.listenerID, [.input, .once])
        case .closeListener:
            closeListener()
            monitor.wakeAll()
        case .closeSurplus(let claimed):
            waitForArming()
            for (id, connection) in claimed {
                retire(id, connection.descriptor, from: connection.phase)
            }
        case .signalRoom:
            if limits.handlers > 0 { work.signal() } else { room.signal() }
        case .refuse(let exchanges):
            for exchange in exchanges { refuse(exchange) }
        case .startTimer(let deadline):
            startTimer(for: deadline)
        case .accept, .watchNew, .serve, .discard, .watch, .retire, .close, .closeLate,
            .closeResting, .handle:
            // The thread of the event handles these itself, because they concern its connection.
            assertionFailure("an action without its connection")
        }
    }

    /// Only one thread at a time is here, and it goes on until no other deadline is wanted.
    private func startTimer(for deadline: ContinuousClock.Instant) {
        var action = State.Action.startTimer(deadline)
        while case .startTimer(let next) = action {
            sweepTimer.start(max(ContinuousClock.now.duration(to: next), .milliseconds(1)))
            action = monitor.withLock { $0.timerStarted(for: next) }
        }
    }
}
