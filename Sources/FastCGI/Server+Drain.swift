internal import Glibc
internal import Synchronization

extension Server {
    /// How long workers may take to leave once there is nothing to do.
    private static let leaveTime: Duration = .milliseconds(250)

    /// Closes our side of the listener; from now on answered connections are closed.
    ///
    /// The file of a socket that we bound is removed; an inherited socket's queue stays with the
    /// one who gave it. Safe to call again, from any thread.
    package func stopAccepting() {
        if monitor.withLock({ $0.stopAccepting() }) { closeListener() }
    }

    /// Lets what is in flight finish, then ends the workers.
    ///
    /// A request that waits in a kept connection, or has come in part, is still served: nginx would
    /// not send a POST again. Blocks, so it must not be called from a handler. A worker that is stuck in the
    /// handler at the deadline is left behind.
    ///
    /// - Parameter deadline: When to give up.
    /// - Returns: The exchanges still unanswered; they can be answered later all the same.
    @discardableResult
    package func drain(deadline: ContinuousClock.Instant) -> Int {
        stopAccepting()
        closeIdle()
        let finished: Bool? = monitor.wait(until: deadline) { $0.connections.isEmpty ? true : nil }
        let unanswered = monitor.withLock { state in
            state.stop()
            return state.inFlight
        }
        if finished == nil { closeIdle(evenIfReadable: true) }
        // Workers that wait for room look again, those in epoll see the wake-up.
        monitor.wakeAll()
        wakeup.signal()
        endWorkers()
        return unanswered
    }

    private func closeIdle(evenIfReadable: Bool = false) {
        for (id, connection) in monitor.withLock({ $0.claimIdle() }) {
            if !evenIfReadable, Self.mayBeServed(connection) {
                release(id, connection)
            } else if monitor.withLock({ $0.forget(id) }) {
                close(connection.descriptor)
            }
        }
    }

    private static func mayBeServed(_ connection: ServerState.Connection) -> Bool {
        switch connection.phase {
        case .idle: holdsBytes(connection.descriptor)
        case .receiving: true
        case .busy, .claimed, .discarding: false
        }
    }

    /// Lets a claimed connection go on; an event of its may have been lost meanwhile.
    func release(_ id: UInt64, _ connection: ServerState.Connection) {
        monitor.withLock { state in
            state.release(id, to: connection.phase)
            // Under the lock: behind it a worker may close the descriptor.
            arm(id, connection.descriptor)
        }
    }

    private func endWorkers() {
        let left: Bool? = monitor.wait(until: .now + Self.leaveTime) {
            $0.runningWorkers == 0 ? true : nil
        }
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads {
            if left == nil { thread.detach() } else { thread.join() }
        }
    }

    /// Whether the peer has sent what nobody has read.
    static func holdsBytes(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK | MSG_DONTWAIT)
        return recv(descriptor, &byte, 1, flags) > 0
    }
}
