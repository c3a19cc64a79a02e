internal import Glibc
internal import System

/// The read buffers of one worker, so that a usual request allocates only its body.
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

    /// The storage for a head; an incomplete request keeps it.
    mutating func takeHead() -> [UInt8] {
        defer { head = [] }
        return head
    }

    /// Takes back the storage of a collector's head, unless its size is unusual.
    mutating func takeBack(_ collector: inout RequestCollector) {
        // Swapped and never shared: emptying a shared array would allocate another.
        collector.swapHead(&head)
        head.removeAll(keepingCapacity: head.capacity <= Self.scratchBytes)
    }
}

extension Server {
    /// The reads that a connection gets before others are served: 1 MiB.
    private static let readsPerTurn = 16

    /// Reads what is there of a request, without waiting, and hands it on when it is complete.
    func receive(
        _ id: UInt64, _ descriptor: Int32, _ part: RequestPart?, hasRoom: Bool,
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
                handOn(id, descriptor, collector, arrival, hasRoom: hasRoom)
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
            putBack(id, descriptor)
        } else {
            suspend(id, descriptor, RequestPart(taking: &collector, arrival))
        }
    }

    private func handOn(
        _ id: UInt64, _ descriptor: Int32, _ collector: borrowing RequestCollector,
        _ arrival: ContinuousClock.Instant, hasRoom: Bool
    ) {
        guard let request = LibraryRequest(head: collector.head, descriptor: descriptor) else {
            finish(id, descriptor, .gone)
            report(.malformedRequest)
            return
        }
        counters.request()
        let exchange = Exchange(
            request, connection: id, descriptor: descriptor, input: collector.input,
            arrival: arrival, owner: self)
        handOn(exchange, hasRoom: hasRoom)
    }

    /// Watches the connection again when an event announced bytes that were not there.
    private func putBack(_ id: UInt64, _ descriptor: Int32) {
        let now = ContinuousClock.now
        let (action, room) = monitor.withLock { state in
            let action = state.putBack(id, at: now)
            noteArming(action)
            return (action, state.offerRoom())
        }
        perform(action, id, descriptor)
        perform(room)
        startSweeping(by: now + limits.ioTimeout)
    }

    private func suspend(_ id: UInt64, _ descriptor: Int32, _ part: RequestPart) {
        let (action, room) = monitor.withLock { state in
            let action = state.suspend(id, part)
            noteArming(action)
            // It counted as in flight while it was read; a waiting request may have its place now.
            return (action, state.offerRoom())
        }
        perform(action, id, descriptor)
        perform(room)
        if case .watch = action {
            startSweeping(by: part.arrival + limits.ioTimeout)
        } else {
            // Its close may have made room for another connection.
            perform(monitor.withLock { $0.unpark() })
            report(.malformedRequest)
        }
        monitor.wakeAll()
    }

    // MARK: Deadlines

    /// Starts the timer, so that a deadline is kept even when no event comes.
    func startSweeping(by deadline: ContinuousClock.Instant) {
        perform(monitor.withLock { $0.mustSweep(by: deadline) })
    }

    /// Closes the connections whose peers were too slow, and refuses requests that waited too long.
    func sweep() {
        sweepTimer.clear()
        _ = poller.change(sweepTimer.descriptor, id: Self.sweepTimerID, [.input, .once])
        let now = ContinuousClock.now
        let (late, overdue, next, surplus) = monitor.withLock { state in
            (
                state.claimLate(at: now), state.refuseOverdue(at: now), state.nextSweep(at: now),
                state.claimSurplus(at: now, atMost: 64)
            )
        }
        perform(next)
        perform(overdue)
        if case .closeLate(let claimed) = late {
            waitForArming()
            for (id, connection) in claimed { close(id, connection, lateAt: now) }
        }
        perform(surplus)
        monitor.wakeAll()
    }

    private func close(
        _ id: UInt64, _ connection: State.Connection, lateAt now: ContinuousClock.Instant
    ) {
        // When our workers were slow rather than the peer, its request gets as much time again,
        // once.
        let isHopeless = connection.deadline.map { $0 + limits.ioTimeout <= now } ?? true
        if !isHopeless, Self.holdsBytes(connection.descriptor) {
            release(id, connection.descriptor, to: connection.phase)
        } else if connection.phase == .fresh {
            // Silence during the drain is no incident: the peer may have given up.
            if monitor.withLock({ $0.phase == .running }) { report(.timedOut) }
            retire(id, connection.descriptor, from: .fresh)
        } else if forget(id, connection.descriptor), connection.part != nil {
            report(.timedOut)
        }
    }

    /// Closes a claimed connection, which may give room for another; false if somebody else has.
    @discardableResult
    func forget(_ id: UInt64, _ descriptor: Int32) -> Bool {
        guard case .close = monitor.withLock({ $0.forget(id) }) else { return false }
        Glibc.close(descriptor)
        perform(monitor.withLock { $0.unpark() })
        return true
    }
}
