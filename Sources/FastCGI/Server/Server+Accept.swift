internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

extension Server {
    /// The connections accepted per event, so that a burst of them does not hold a worker.
    private static let batch = 64
    private static let backOff: Duration = .milliseconds(100)

    /// Accepts what waits at the listener; only one worker at a time runs this.
    func accept() {
        guard case .accept = monitor.withLock({ $0.beginAccepting() }) else { return }
        var refused = false
        for _ in 0..<Self.batch {
            guard monitor.withLock({ $0.mayAccept }) || makeRoom() else { break }
            let descriptor = waybill_accept(socket.descriptor)
            if descriptor >= 0 {
                admit(descriptor)
                continue
            }
            if descriptor == -EAGAIN { break }
            // The peer gave up while it waited.
            if descriptor == -ECONNABORTED || descriptor == -EINTR { continue }
            // Descriptors or memory ran out, or worse. The listener is not watched until a
            // connection closes or the timer fires; otherwise it would be readable in a loop.
            refused = true
            report(.acceptFailed(-descriptor))
            break
        }
        let action = monitor.withLock { $0.endAccepting(refused: refused) }
        if case .parkListener = action {
            if refused { timer.start(Self.backOff) } else { report(.connectionsExhausted) }
        }
        perform(action)
    }

    /// The back-off is over: the timer is armed again and the listener watched again.
    func endBackOff() {
        timer.clear()
        _ = poller.change(timer.descriptor, id: Self.timerID, [.input, .once])
        perform(monitor.withLock { $0.unpark() })
    }

    private func admit(_ descriptor: Int32) {
        let now = ContinuousClock.now
        guard setTimeout(descriptor) else {
            close(descriptor)
            return
        }
        let (action, surplus, hasSurplus) = monitor.withLock { state in
            let action = state.admit(descriptor, at: now)
            noteArming(action)
            return (action, state.claimSurplus(at: now), state.hasSurplus)
        }
        guard case .watchNew(let id) = action else {
            close(descriptor)
            return
        }
        counters.accepted()
        let isWatched = poller.add(descriptor, id: id, [.input, .once])
        arming.subtract(1, ordering: .releasing)
        if !isWatched {
            // Out of memory.
            perform(monitor.withLock { $0.forget(id) }, id, descriptor)
            monitor.wakeAll()
        }
        if hasSurplus { report(.connectionsExhausted) }
        // Perhaps none has been idle for long enough yet.
        startSweeping(by: now + (hasSurplus ? limits.ioTimeout / 50 : limits.ioTimeout))
        perform(surplus)
    }

    /// Makes room for one connection: closes an idle one, or else refuses the request that has
    /// waited for longest. False if there is neither.
    private func makeRoom() -> Bool {
        let now = ContinuousClock.now
        perform(monitor.withLock { $0.isAccepting ? $0.claimSurplus(at: now) : .nothing })
        if monitor.withLock({ $0.mayAccept }) { return true }
        let oldest = monitor.withLock { $0.isAccepting ? $0.refuseOldest() : .nothing }
        guard case .refuse = oldest else { return false }
        perform(oldest)
        // The refusal may leave the connection open, so one that is idle is closed as well.
        let later = ContinuousClock.now
        perform(monitor.withLock { $0.claimSurplus(at: later) })
        return monitor.withLock { $0.mayAccept }
    }

    /// For writes only, as no read blocks. A Unix socket does not inherit it from its listener.
    private func setTimeout(_ descriptor: Int32) -> Bool {
        let parts = limits.ioTimeout.components
        var time = timeval(
            tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size) == 0
    }

    /// Closes the listener. For their peers, connections in the queue of a socket that we bound are
    /// already made and would be lost, so they are accepted first.
    func closeListener() {
        poller.remove(socket.descriptor)
        socket.removeFile()
        while socket.ownsQueue, monitor.withLock({ $0.hasRoom }) {
            let descriptor = waybill_accept(socket.descriptor)
            guard descriptor >= 0 || descriptor == -ECONNABORTED || descriptor == -EINTR else {
                break
            }
            if descriptor >= 0 { admit(descriptor) }
        }
        socket.shut()
    }
}
