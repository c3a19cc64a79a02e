internal import Glibc
internal import System

extension Server {
    /// The loop of a worker: one event at a time until the wake-up.
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
        case .discard(let descriptor, let left):
            discard(id, descriptor, left, buffers.scratch)
        case .serve(let descriptor, let part, let hasRoom):
            receive(id, descriptor, part, hasRoom: hasRoom, &buffers)
        default:
            // The event is out of date.
            break
        }
    }

    /// Reads and drops what the peer still sends after its answer; never blocks.
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
            // The peer sees the end of our answer while we still read what it sends: closing now
            // would break its write before it reads the answer.
            Glibc.shutdown(descriptor, Int32(SHUT_WR))
            deadline = now + limits.ioTimeout
        }
        let (action, listener, room) = monitor.withLock { state in
            let action = state.finish(id, outcome, at: now, discarding: left, until: deadline)
            noteArming(action)
            return (action, state.unpark(), state.offerRoom())
        }
        perform(action, id, descriptor)
        if let deadline, case .watch = action { startSweeping(by: deadline) }
        perform(listener)
        perform(room)
        monitor.wakeAll()
    }

    /// A busy connection becomes a stream's and is no longer ours.
    func handOver(_ id: UInt64, _ descriptor: Int32) {
        // It stays open, so epoll would go on watching it.
        poller.remove(descriptor)
        finish(id, descriptor, .gone)
    }

}
