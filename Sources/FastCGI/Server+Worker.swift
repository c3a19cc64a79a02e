internal import Glibc

extension Server {
    /// The life of a worker: one event at a time until the wake-up.
    func work() {
        let trash = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { trash.deallocate() }
        var isWorking = true
        while isWorking {
            guard let event = poller.next() else { continue }
            counters.workerWakes()
            switch event.id {
            case Self.wakeupID: isWorking = false
            case Self.listenerID: accept()
            case Self.timerID: endBackOff()
            default: serve(event, trash)
            }
            counters.workerRests()
        }
        monitor.withLock { $0.runningWorkers -= 1 }
        monitor.wakeAll()
    }

    private func serve(_ event: Poller.Event, _ trash: UnsafeMutableRawBufferPointer) {
        // Waits here while too many are in flight; the request stays in the socket.
        switch monitor.wait(for: { $0.take(event.id) }) {
        case .nothing:
            break
        case .discard(let descriptor, let left):
            discard(event.id, descriptor, left, trash)
        case .serve(let descriptor):
            if event.hasEnded, Self.isAtEnd(descriptor) {
                finish(event.id, descriptor, .close)
            } else {
                read(event.id, descriptor)
            }
        }
    }

    /// Reads one request and hands it on.
    private func read(_ id: UInt64, _ descriptor: Int32) {
        let arrival = ContinuousClock.now
        guard RecordInspection.admits(descriptor) else {
            finish(id, descriptor, .close)
            report(.malformedRequest)
            return
        }
        guard let request = LibraryRequest(readingFrom: descriptor) else {
            // libfcgi forgets why; a stall tells itself by the time it took.
            let stalled = arrival.duration(to: .now) >= limits.ioTimeout
            finish(id, descriptor, .gone)
            report(stalled ? .timedOut : .malformedRequest)
            return
        }
        let input: ExchangeState.Input
        if request.declaresNoBody {
            // The record that ends the input is read here, not by whoever answers.
            switch request.inputEnds() {
            case .clean: input = .absent
            case .more: input = .excess
            case .failed:
                let stalled = request.inputStalled
                request.abandon()
                finish(id, descriptor, .close)
                report(stalled ? .timedOut : .malformedRequest)
                return
            }
        } else {
            input = .unread
        }
        counters.request()
        handler.handle(
            Exchange(
                request, connection: id, descriptor: descriptor, input: input, arrival: arrival,
                server: self))
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
        _ id: UInt64, _ descriptor: Int32, _ outcome: ServerState.Outcome,
        discarding left: Int = ServerState.discardLimit
    ) {
        let (action, unparked) = monitor.withLock { state in
            let action = state.finish(id, outcome, discarding: left)
            return (action, state.unpark())
        }
        switch action {
        case .arm:
            arm(id, descriptor)
        case .discard:
            // The peer sees the end of our answer while we still take what it sends: closing
            // now would break its write before it reads the answer.
            Glibc.shutdown(descriptor, Int32(SHUT_WR))
            arm(id, descriptor)
        case .close:
            close(descriptor)
        case .nothing:
            break
        }
        if unparked { armListener() }
        monitor.wakeAll()
    }

    /// A busy connection becomes a stream's and is no longer ours.
    func handOver(_ id: UInt64, _ descriptor: Int32) {
        // It stays open, so epoll would go on watching it.
        poller.remove(descriptor)
        finish(id, descriptor, .gone)
    }

    private func arm(_ id: UInt64, _ descriptor: Int32) {
        // Fails only when the drain has just closed it.
        _ = poller.change(descriptor, id: id, [.input, .once])
    }

    func armListener() {
        _ = poller.change(socket.descriptor, id: Self.listenerID, [.input, .once])
    }

    /// Whether the peer has closed and left nothing to read.
    static func isAtEnd(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK | MSG_DONTWAIT)
        let count = recv(descriptor, &byte, 1, flags)
        return count == 0 || count < 0 && errno != EAGAIN
    }
}
