internal import CFastCGI
internal import Glibc
internal import System

extension Server {
    /// The connections taken per event, so that a storm of them does not hold a worker.
    private static let batch = 64
    private static let backOff: Duration = .milliseconds(100)

    /// Takes what waits at the listener; only one worker at a time is here.
    func accept() {
        guard monitor.withLock({ $0.beginAccepting() }) else { return }
        var refused = false
        for _ in 0..<Self.batch {
            guard monitor.withLock({ $0.mayAccept() }) || makeRoom() else { break }
            let descriptor = waybill_accept(socket.descriptor)
            if descriptor >= 0 {
                admit(descriptor)
                continue
            }
            if descriptor == -EAGAIN { break }
            // The peer gave up while it waited.
            if descriptor == -ECONNABORTED || descriptor == -EINTR { continue }
            // Descriptors or memory ran out, or worse: the listener rests until a connection
            // closes or the timer fires, instead of being readable in a loop.
            refused = true
            report(.acceptFailed(-descriptor))
            break
        }
        switch monitor.withLock({ $0.endAccepting(refused: refused) }) {
        case .arm:
            armListener()
        case .park:
            if refused { timer.start(Self.backOff) } else { report(.connectionsExhausted) }
        case .close:
            closeListener()
            monitor.wakeAll()
        }
    }

    /// The back-off is over: the timer is armed anew and the listener watched again.
    func endBackOff() {
        timer.clear()
        _ = poller.change(timer.descriptor, id: Self.timerID, [.input, .once])
        if monitor.withLock({ $0.unpark() }) { armListener() }
    }

    private func admit(_ descriptor: Int32) {
        let now = ContinuousClock.now
        guard setTimeout(descriptor),
            let (id, surplus, hasSurplus) = monitor.withLock({ state in
                state.admit(descriptor, at: now).map {
                    ($0, state.claimSurplus(at: now), state.hasSurplus)
                }
            })
        else {
            close(descriptor)
            return
        }
        counters.accepted()
        if !poller.add(descriptor, id: id, [.input, .once]) {
            // Out of memory; or the drain has closed it between the two lines above.
            if monitor.withLock({ $0.forget(id) }) { close(descriptor) }
            monitor.wakeAll()
        }
        if hasSurplus { report(.connectionsExhausted) }
        // None may have rested for long enough yet.
        startSweeping(by: now + (hasSurplus ? limits.ioTimeout / 50 : limits.ioTimeout))
        closeSurplus(surplus)
    }

    /// Gives room for one connection: one that rests goes, else the request that has waited for
    /// longest. False if neither is there.
    private func makeRoom() -> Bool {
        closeSurplus(monitor.withLock { $0.isAccepting ? $0.claimSurplus(at: .now) : [] })
        if monitor.withLock({ $0.mayAccept() }) { return true }
        guard let oldest = monitor.withLock({ $0.isAccepting ? $0.refuseOldest() : nil }) else {
            return false
        }
        refuse(oldest)
        // Its peer may keep the connection.
        closeSurplus(monitor.withLock { $0.claimSurplus(at: .now) })
        return monitor.withLock { $0.mayAccept() }
    }

    /// Closes connections that are beyond the bound.
    func closeSurplus(_ surplus: [(id: UInt64, connection: ServerState.Connection)]) {
        if !surplus.isEmpty { waitForArming() }
        for (id, connection) in surplus {
            retire(id, connection.descriptor, from: connection.phase)
        }
    }

    /// For writes, as no read blocks; a Unix socket does not take it over from its listener.
    private func setTimeout(_ descriptor: Int32) -> Bool {
        let parts = limits.ioTimeout.components
        var time = timeval(
            tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size) == 0
    }

    /// Closes the listener. What still waits in a queue of our own would be lost with it, so it is
    /// taken in before; for its peers it is a connection that was made.
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
