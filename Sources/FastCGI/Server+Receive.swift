internal import Glibc

/// What a worker reads into; its own, so that a usual request allocates nothing but its body.
struct WorkerBuffers: ~Copyable {
    /// One read; a usual request fits.
    static let scratchBytes = 65_536

    let scratch: UnsafeMutableRawBufferPointer
    /// Empty; its storage serves one head after the other.
    var head: [UInt8] = []

    init() {
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// The storage for a head, which leaves with a request that has come in part.
    mutating func takeHead() -> [UInt8] {
        defer { head = [] }
        return head
    }

    /// Keeps the storage of a collector's head, unless it is one of an uncommon size.
    mutating func takeBack(_ collector: inout RequestCollector) {
        // Exchanged and never shared: emptying a shared array would allocate another.
        collector.swapHead(&head)
        head.removeAll(keepingCapacity: head.capacity <= Self.scratchBytes)
    }
}

extension Server {
    /// The reads that a connection gets before others have their turn: 1 MiB.
    private static let readsPerTurn = 16

    /// Reads what is there of a request, without waiting, and hands it on when it is complete.
    func receive(
        _ id: UInt64, _ descriptor: Int32, _ part: RequestPart?,
        _ buffers: inout WorkerBuffers
    ) {
        let arrival = part?.arrival ?? .now
        var collector =
            part?.take()
            ?? RequestCollector(bodyLimit: limits.bodyBytes, head: buffers.takeHead())
        for _ in 0..<Self.readsPerTurn {
            let count = recv(
                descriptor, buffers.scratch.baseAddress, buffers.scratch.count,
                Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { break }
                finish(id, descriptor, .close)
                // An idle connection may close; in the middle of a request it may not.
                if !collector.isEmpty { report(.malformedRequest) }
                return
            }
            switch collector.append(UnsafeRawBufferPointer(rebasing: buffers.scratch[..<count])) {
            case .malformed:
                finish(id, descriptor, .close)
                report(.malformedRequest)
                return
            case .complete, .tooLarge:
                handOn(id, descriptor, collector, arrival)
                buffers.takeBack(&collector)
                return
            case .incomplete:
                break
            }
            // The socket is empty; asking it would only cost another call.
            if count < buffers.scratch.count { break }
        }
        if collector.isEmpty {
            buffers.takeBack(&collector)
            finish(id, descriptor, .keep)
        } else {
            suspend(id, descriptor, RequestPart(taking: &collector, arrival))
        }
    }

    private func handOn(
        _ id: UInt64, _ descriptor: Int32, _ collector: borrowing RequestCollector,
        _ arrival: ContinuousClock.Instant
    ) {
        guard let request = LibraryRequest(head: collector.head, descriptor: descriptor) else {
            finish(id, descriptor, .gone)
            report(.malformedRequest)
            return
        }
        counters.request()
        handler.handle(
            Exchange(
                request, connection: id, descriptor: descriptor, input: collector.input,
                arrival: arrival, server: self))
    }

    private func suspend(_ id: UInt64, _ descriptor: Int32, _ part: RequestPart) {
        let isKept = monitor.withLock { state in
            let isKept = state.suspend(id, part)
            // Under the lock, and it does not block: behind it a sweep may close the descriptor,
            // whose number another connection then gets.
            if isKept { arm(id, descriptor) }
            return isKept
        }
        if isKept {
            startSweeping()
        } else {
            closeForgotten(descriptor)
            report(.malformedRequest)
        }
        monitor.wakeAll()
    }

    // MARK: Deadlines

    /// Sees to it that a deadline is kept also when no event comes.
    func startSweeping() {
        guard monitor.withLock({ $0.beginSweeping() }) else { return }
        sweepTimer.start(limits.ioTimeout)
    }

    /// Closes the connections whose peers were too slow.
    func sweep() {
        sweepTimer.clear()
        _ = poller.change(sweepTimer.descriptor, id: Self.sweepTimerID, [.input, .once])
        let now = ContinuousClock.now
        let (late, next) = monitor.withLock { $0.sweep(now) }
        for (id, connection) in late {
            // When the workers were slow rather than the peer, its request gets as much time
            // again, but not for ever.
            let isHopeless = connection.deadline.map { $0 + limits.ioTimeout <= now } ?? true
            if !isHopeless, Self.holdsBytes(connection.descriptor) {
                release(id, connection)
            } else if monitor.withLock({ $0.forget(id) }) {
                closeForgotten(connection.descriptor)
                if connection.part != nil { report(.timedOut) }
            }
        }
        if let next { sweepTimer.start(next) }
        monitor.wakeAll()
    }

    /// Closes a connection that the state no longer knows, which may give room for another.
    private func closeForgotten(_ descriptor: Int32) {
        close(descriptor)
        if monitor.withLock({ $0.unpark() }) { armListener() }
    }
}
