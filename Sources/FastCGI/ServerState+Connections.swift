/// What becomes of the connections: taken by a worker, finished, left for later, drained.
extension ServerState {
    // MARK: Events

    /// A connection is readable. Nothing (nil) while as many requests as allowed are in flight.
    mutating func take(_ id: UInt64) -> Taken? {
        guard phase != .stopped, let connection = connections[id] else { return .nothing }
        switch connection.phase {
        case .busy, .claimed:
            return .nothing
        case .discarding(let left):
            begin(id)
            return .discard(connection.descriptor, left: left)
        case .idle:
            guard inFlight < maxInFlight else { return nil }
            begin(id)
            return .serve(connection.descriptor, nil)
        case .receiving:
            guard inFlight < maxInFlight else { return nil }
            begin(id)
            connections[id]?.part = nil
            connections[id]?.deadline = nil
            heldBytes -= connection.part?.heldBytes ?? 0
            return .serve(connection.descriptor, connection.part)
        }
    }

    private mutating func begin(_ id: UInt64) {
        connections[id]?.phase = .busy
        inFlight += 1
    }

    /// A busy connection's request is over.
    ///
    /// - Parameters:
    ///   - id: The connection's.
    ///   - outcome: What is to become of it.
    ///   - left: The bytes to discard.
    ///   - deadline: When to stop discarding; the first one counts.
    /// - Returns: What the caller does.
    mutating func finish(
        _ id: UInt64, _ outcome: Outcome, discarding left: Int = discardLimit,
        until deadline: ContinuousClock.Instant? = nil
    ) -> Action {
        inFlight -= 1
        switch outcome {
        case .keep where phase == .running:
            connections[id]?.phase = .idle
            return .arm
        case .discard where phase == .running && left > 0:
            connections[id]?.phase = .discarding(left: left)
            if connections[id]?.deadline == nil { connections[id]?.deadline = deadline }
            return .discard
        case .gone:
            connections[id] = nil
            return .nothing
        case .keep, .close, .discard:
            connections[id] = nil
            return .close
        }
    }

    /// A busy connection waits for the rest of its request; also while draining, because what has
    /// begun may be finished. False when the caller closes it, for want of memory or because
    /// workers leave.
    mutating func suspend(_ id: UInt64, _ part: RequestPart) -> Bool {
        inFlight -= 1
        guard phase != .stopped, heldBytes + part.heldBytes <= partialBytes else {
            connections[id] = nil
            return false
        }
        heldBytes += part.heldBytes
        connections[id]?.phase = .receiving
        connections[id]?.deadline = part.arrival.advanced(by: patience)
        connections[id]?.part = part
        return true
    }

    // MARK: Deadlines

    /// A connection got a deadline. True when the caller starts the timer.
    mutating func beginSweeping() -> Bool {
        defer { isSweeping = true }
        return !isSweeping
    }

    /// The timer has fired.
    ///
    /// - Returns: The connections past their deadline, which are the caller's until `release` or
    ///   `forget`, and how long the timer has to run; nothing when no connection has a deadline.
    mutating func sweep(
        _ now: ContinuousClock.Instant
    ) -> (late: [(id: UInt64, connection: Connection)], next: Duration?) {
        let waiting = connections.filter { $0.value.isWaiting }
        let late = waiting.filter { ($0.value.deadline ?? now) <= now }
        for id in late.keys { connections[id]?.phase = .claimed }
        isSweeping = !waiting.isEmpty
        // Not at every deadline: all the connections are looked at each time.
        let pause = max(patience / 10, .milliseconds(1))
        let next = waiting.values.lazy.compactMap(\.deadline).filter { $0 > now }.min()
        return (
            late.map { (id: $0.key, connection: $0.value) },
            isSweeping ? max(next.map { now.duration(to: $0) } ?? pause, pause) : nil
        )
    }

    // MARK: The drain

    /// The connections without a thread; they are the caller's until `release` or `forget`.
    mutating func claimIdle() -> [(id: UInt64, connection: Connection)] {
        let idle = connections.filter { $0.value.phase != .busy && $0.value.phase != .claimed }
        for id in idle.keys { connections[id]?.phase = .claimed }
        return idle.map { (id: $0.key, connection: $0.value) }
    }

    /// A claimed connection stays as it was.
    mutating func release(_ id: UInt64, to phase: ConnectionPhase) {
        connections[id]?.phase = phase
    }

    /// True when the caller closes the connection; false when somebody else has done so.
    mutating func forget(_ id: UInt64) -> Bool {
        guard let connection = connections.removeValue(forKey: id) else { return false }
        heldBytes -= connection.part?.heldBytes ?? 0
        return true
    }
}

extension ServerState.Connection {
    /// Whether its deadline counts: a busy connection is not waiting for its peer.
    fileprivate var isWaiting: Bool {
        switch phase {
        case .receiving, .discarding: true
        case .idle, .busy, .claimed: false
        }
    }
}
