internal import Glibc
internal import Synchronization
internal import System

extension Server {
    /// How long workers may take to leave once there is nothing to do.
    private static let leaveTime: Duration = .milliseconds(250)

    /// Closes our side of the listener; from now on connections are closed after their answer.
    ///
    /// The file of a socket that we bound is removed, and the connections in its queue are
    /// accepted. An inherited socket's queue stays with its owner. May be called again, from any
    /// thread.
    package func stopAccepting() {
        perform(monitor.withLock { $0.stopAccepting() })
    }

    /// Lets what is in flight finish, then ends the workers.
    ///
    /// A request that waits in a kept connection, has come in part, or comes soon on a connection
    /// that was accepted, is still served: nginx would not send a POST again. Blocks, so it must
    /// not be called from a handler. A worker that is stuck in the handler at the deadline is left
    /// behind.
    ///
    /// - Parameter deadline: When to give up.
    /// - Returns: The exchanges still unanswered; they can be answered later all the same.
    @discardableResult
    package func drain(deadline: ContinuousClock.Instant) -> Int {
        stopAccepting()
        closeResting()
        // Fresh connections have a last deadline now.
        startSweeping(by: .now + limits.ioTimeout / 20)
        // A worker that still holds the listener may have accepted a connection that the state does
        // not know yet.
        let finished: Bool? = monitor.wait(until: deadline) {
            $0.connections.isEmpty && $0.listener == .closed ? true : nil
        }
        let (unanswered, refused) = monitor.withLock { state in
            let unanswered = state.inFlight
            state.stop()
            return (unanswered, state.refuseAll())
        }
        perform(refused)
        if finished == nil { closeResting(isEnd: true) }
        endWorkers()
        return unanswered
    }

    private func closeResting(isEnd: Bool = false) {
        let now = ContinuousClock.now
        guard
            case .closeResting(let resting) = monitor.withLock({
                $0.claimResting(at: now, isEnd: isEnd)
            })
        else { return }
        waitForArming()
        for (id, connection) in resting {
            switch connection.phase {
            case .idle where !isEnd:
                retire(id, connection.descriptor, from: .idle)
            case .receiving where !isEnd:
                release(id, connection.descriptor, to: .receiving)
            default:
                perform(monitor.withLock { $0.forget(id) }, id, connection.descriptor)
            }
        }
    }

    /// Returns once no thread is about to watch a connection that was claimed before this call.
    ///
    /// Watching is a system call, so it is done after unlocking: a thread that is preempted there
    /// would make all the others wait. If the connection were closed meanwhile, another one could
    /// get its descriptor's number and be watched under the wrong id. The system call does not
    /// block.
    func waitForArming() {
        while arming.load(ordering: .acquiring) > 0 { sched_yield() }
    }

    /// Closes a claimed connection between two requests, unless one has come.
    ///
    /// A peer may send at this very moment. Once reading is shut down its send fails, and it knows
    /// that nobody has read what it sent; what was sent before can still be read, and is served.
    func retire(_ id: UInt64, _ descriptor: Int32, from phase: State.ConnectionPhase) {
        Glibc.shutdown(descriptor, Int32(SHUT_RD))
        if Self.holdsBytes(descriptor) {
            release(id, descriptor, to: phase)
        } else {
            forget(id, descriptor)
        }
        monitor.wakeAll()
    }

    /// Continues a claimed connection; an event may have been lost meanwhile.
    func release(_ id: UInt64, _ descriptor: Int32, to phase: State.ConnectionPhase) {
        let action = monitor.withLock { state in
            let action = state.release(id, to: phase)
            noteArming(action)
            return action
        }
        perform(action, id, descriptor)
    }

    /// Only after the state has stopped: each thread that is woken checks the state, and it may
    /// have taken the signal that was meant for another.
    private func endWorkers() {
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads { thread.stop() }
        let deadline = ContinuousClock.now + Self.leaveTime
        for thread in threads { _ = thread.join(until: deadline) }
    }

    /// Whether the peer has sent bytes that nobody has read.
    static func holdsBytes(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK | MSG_DONTWAIT)
        return recv(descriptor, &byte, 1, flags) > 0
    }
}
