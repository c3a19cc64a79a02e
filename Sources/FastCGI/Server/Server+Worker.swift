internal import Glibc
internal import Synchronization
internal import System

extension Server {
    /// The life of a worker: one event at a time until the wake-up.
    func readRequests() {
        var buffers = WorkerBuffers()
        var isWorking = true
        while isWorking {
            guard let event = poller.next() else { continue }
            counters.workerWakes()
            switch event.id {
            case Self.wakeupID: isWorking = false
            case Self.listenerID: accept()
            case Self.timerID: endBackOff()
            case Self.sweepTimerID: sweep()
            case Self.roomID: serveWaiting()
            default: serve(event.id, &buffers)
            }
            counters.workerRests()
        }
    }

    private func serve(_ id: UInt64, _ buffers: inout WorkerBuffers) {
        switch monitor.withLock({ $0.take(id) }) {
        case .nothing:
            break
        case .discard(let descriptor, let left):
            discard(id, descriptor, left, buffers.scratch)
        case .serve(let descriptor, let part, let hasRoom):
            receive(id, descriptor, part, hasRoom: hasRoom, &buffers)
        }
    }

    /// Throws away what the peer still sends behind its answer; never blocks.
    private func discard(
        _ id: UInt64, _ descriptor: Int32, _ left: Int, _ trash: UnsafeMutableRawBufferPointer
    ) {
        let count = recv(descriptor, trash.baseAddress, trash.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            finish(id, descriptor, .discard, discarding: left - count)
        } else {
            finish(id, descriptor, .close)
        }
    }

    /// Ends a busy connection's request. From any thread; `gone` means that it is closed already
    /// or belongs to a stream.
    func finish(
        _ id: UInt64, _ descriptor: Int32, _ outcome: ConnectionOutcome, discarding left: Int
    ) {
        let now = ContinuousClock.now
        var deadline: ContinuousClock.Instant?
        if outcome == .discard {
            // The peer sees the end of our answer while we still take what it sends: closing now
            // would break its write before it reads the answer.
            Glibc.shutdown(descriptor, Int32(SHUT_WR))
            deadline = now + limits.ioTimeout
        }
        let (action, unparked, mayResume) = monitor.withLock { state in
            let action = state.finish(id, outcome, at: now, discarding: left, until: deadline)
            // Under the lock: behind it a sweep may close the descriptor.
            if action == .discard { arm(id, descriptor) }
            if action == .arm { arming.add(1, ordering: .relaxed) }
            return (action, state.unpark(), state.mayResume)
        }
        if action == .arm {
            // Behind the lock, since every request comes here: a system call is where a thread
            // loses its core, and all others would wait for the lock meanwhile. See
            // `waitForArming`.
            arm(id, descriptor)
            arming.subtract(1, ordering: .releasing)
        }
        if let deadline, action == .discard { startSweeping(by: deadline) }
        perform(action, id, descriptor)
        if unparked { armListener() }
        if mayResume { signalRoom() }
        monitor.wakeAll()
    }

    /// What is left to do behind the lock.
    func perform(_ action: ServerState.Action, _ id: UInt64, _ descriptor: Int32) {
        switch action {
        case .close: close(descriptor)
        case .retire: retire(id, descriptor, from: .idle)
        case .arm, .discard, .nothing: break
        }
    }

    /// A busy connection becomes a stream's and is no longer ours.
    func handOver(_ id: UInt64, _ descriptor: Int32) {
        // It stays open, so epoll would go on watching it.
        poller.remove(descriptor)
        finish(id, descriptor, .gone)
    }

    func arm(_ id: UInt64, _ descriptor: Int32) {
        // Fails only when the drain has just closed it.
        _ = poller.change(descriptor, id: id, [.input, .once])
    }

    func armListener() {
        _ = poller.change(socket.descriptor, id: Self.listenerID, [.input, .once])
    }
}
