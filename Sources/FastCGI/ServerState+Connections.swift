/// What becomes of the connections: taken by a worker, finished, left for later.
extension ServerState {
    /// A connection is readable.
    mutating func take(_ id: UInt64) -> Taken {
        guard phase != .stopped, let connection = connections[id] else { return .nothing }
        switch connection.phase {
        case .busy, .claimed, .waiting:
            return .nothing
        case .discarding(let left):
            begin(id, hasRoom: true)
            return .discard(connection.descriptor, left: left)
        case .fresh, .idle, .receiving:
            let hasRoom = inFlight < bounds.inFlight
            begin(id, hasRoom: hasRoom)
            connections[id]?.part = nil
            connections[id]?.deadline = nil
            heldBytes -= connection.part?.heldBytes ?? 0
            return .serve(connection.descriptor, connection.part, hasRoom: hasRoom)
        }
    }

    private mutating func begin(_ id: UInt64, hasRoom: Bool) {
        connections[id]?.phase = .busy
        connections[id]?.isInFlight = hasRoom
        if hasRoom { inFlight += 1 }
    }

    /// A connection is busy no more.
    private mutating func end(_ id: UInt64) {
        guard connections[id]?.isInFlight == true else { return }
        connections[id]?.isInFlight = false
        inFlight -= 1
    }

    /// A busy connection's request is over.
    ///
    /// - Parameters:
    ///   - id: The connection's.
    ///   - outcome: What is to become of it.
    ///   - now: The time.
    ///   - left: The bytes to discard.
    ///   - deadline: When to stop discarding; the first one counts.
    /// - Returns: What the caller does; what it retires has been claimed for it.
    mutating func finish(
        _ id: UInt64, _ outcome: Outcome, at now: ContinuousClock.Instant,
        discarding left: Int = discardLimit, until deadline: ContinuousClock.Instant? = nil
    ) -> Action {
        end(id)
        switch outcome {
        case .keep where phase == .running:
            rest(id, since: now)
            return .arm
        case .keep where phase == .draining:
            connections[id]?.phase = .claimed
            return .retire
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

    private mutating func rest(_ id: UInt64, since now: ContinuousClock.Instant) {
        connections[id]?.phase = .idle
        connections[id]?.isFresh = false
        connections[id]?.restsSince = now
    }

    /// A busy connection turned out to have sent nothing: it goes back to what it was.
    mutating func putBack(_ id: UInt64, at now: ContinuousClock.Instant) -> Action {
        guard phase != .stopped, connections[id]?.isFresh == true else {
            return finish(id, .keep, at: now)
        }
        end(id)
        let deadline = now + freshTime
        connections[id]?.phase = .fresh
        connections[id]?.deadline = deadline
        return .arm
    }

    /// A busy connection waits for the rest of its request; also while draining, because what has
    /// begun may be finished. False when the caller closes it, for want of memory or because
    /// workers leave.
    mutating func suspend(_ id: UInt64, _ part: RequestPart) -> Bool {
        end(id)
        guard phase != .stopped, heldBytes + part.heldBytes <= bounds.partialBytes else {
            connections[id] = nil
            return false
        }
        heldBytes += part.heldBytes
        connections[id]?.phase = .receiving
        let deadline = part.arrival + bounds.patience
        connections[id]?.isFresh = false
        connections[id]?.deadline = deadline
        connections[id]?.part = part
        return true
    }

    // MARK: Requests that wait for room

    /// A complete request waits for room.
    ///
    /// - Returns: The requests that the caller refuses, because too much waits.
    mutating func hold(
        _ exchange: Exchange, until deadline: ContinuousClock.Instant
    ) -> [Exchange] {
        end(exchange.connection)
        connections[exchange.connection]?.phase = .waiting
        waiting.add(exchange, until: deadline)
        var refused: [Exchange] = []
        // Their number is bounded by that of the connections.
        while phase == .stopped || waiting.bytes > bounds.partialBytes,
            let oldest = refuseOldest()
        {
            refused.append(oldest)
        }
        return refused
    }

    /// Whether what waits may go on.
    var mayResume: Bool { !waiting.isEmpty && inFlight < bounds.inFlight && phase != .stopped }

    /// The request that has waited for longest, if there is room for it.
    mutating func resume() -> Exchange? {
        guard mayResume, let exchange = waiting.takeFirst() else { return nil }
        begin(exchange.connection, hasRoom: true)
        return exchange
    }

    /// The request that has waited for longest, for a caller that refuses it.
    mutating func refuseOldest() -> Exchange? {
        guard let exchange = waiting.takeFirst() else { return nil }
        begin(exchange.connection, hasRoom: false)
        return exchange
    }

    /// All that waits, for a caller that refuses it.
    mutating func refuseAll() -> [Exchange] {
        var refused: [Exchange] = []
        while let exchange = refuseOldest() { refused.append(exchange) }
        return refused
    }
}
