internal import System

/// Requests that are complete while there is no room for them, or no handler.
extension Server {
    /// Hands a complete request on: to the handler, or to those that wait for it.
    ///
    /// - Parameters:
    ///   - exchange: The request.
    ///   - hasRoom: Whether it is within the bound on requests in flight.
    func handOn(_ exchange: Exchange, hasRoom: Bool) {
        if limits.handlers == 0, hasRoom { return handler.handle(exchange) }
        // Answered regardless of room, so that a health check sees a live process under any load.
        if handler.answersAtOnce(exchange) { return handler.handle(exchange) }
        // Counted from now, because the body may have taken long to come.
        let deadline = ContinuousClock.now + limits.queueTime
        let (refused, room, listener, timer) = monitor.withLock { state in
            (
                state.hold(exchange, until: deadline),
                // Another request may have been answered since this one was taken.
                state.offerRoom(), state.unpark(), state.mustSweep(by: deadline)
            )
        }
        perform(listener)
        perform(refused)
        perform(room)
        perform(timer)
    }

    /// Handles waiting requests for as long as there is room.
    func serveWaiting() {
        room.clear()
        _ = poller.change(room.descriptor, id: Self.roomID, [.input, .once])
        resumeWaiting()
    }

    private func resumeWaiting() {
        while case .handle(let exchange) = monitor.withLock({ $0.resume() }) {
            handler.handle(exchange)
        }
    }

    /// The loop of a handler's thread: one request at a time until workers leave.
    func handleWaiting() {
        while true {
            work.wait()
            counters.workerWakes()
            resumeWaiting()
            counters.workerRests()
            if monitor.withLock({ $0.phase == .stopped }) { return }
        }
    }

    /// Refuses a request that waited too long, or whose place others need.
    func refuse(_ exchange: Exchange) {
        report(.refused)
        handler.refuse(exchange)
    }
}
