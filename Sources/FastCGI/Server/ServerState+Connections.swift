/// The phases of a connection: taken by a worker, finished, left for later.
extension ServerState {
    // Each of these runs for every request with the lock held, so a connection is looked up once
    // and written back once.

    /// A connection is readable.
    mutating func take(_ id: UInt64) -> Action {
        guard phase != .stopped, var connection = connections[id] else { return .nothing }
        switch connection.phase {
        case .busy, .claimed, .waiting:
            return .nothing
        case .discarding(let left):
            begin(&connection, hasRoom: true)
            connections[id] = connection
            return .discard(connection.descriptor, left: left)
        case .fresh, .idle, .receiving:
            let hasRoom = inFlight < bounds.inFlight
            let part = connection.part
            begin(&connection, hasRoom: hasRoom)
            connection.part = nil
            connection.deadline = nil
            connections[id] = connection
            heldBytes -= part?.heldBytes ?? 0
            return .serve(connection.descriptor, part, hasRoom: hasRoom)
        }
    }

    private mutating func begin(_ connection: inout Connection, hasRoom: Bool) {
        connection.phase = .busy
        connection.isInFlight = hasRoom
        if hasRoom { inFlight += 1 }
    }

    /// A connection is no longer busy.
    private mutating func end(_ connection: inout Connection) {
        guard connection.isInFlight else { return }
        connection.isInFlight = false
        inFlight -= 1
    }

    /// A busy connection's request is over.
    ///
    /// - Parameters:
    ///   - id: The connection's.
    ///   - outcome: What happens to it.
    ///   - now: The time.
    ///   - left: The bytes to discard.
    ///   - deadline: When to stop discarding; the first one counts.
    /// - Returns: What the caller does; what it retires has been claimed for it.
    mutating func finish(
        _ id: UInt64, _ outcome: ConnectionOutcome, at now: ContinuousClock.Instant,
        discarding left: Int = discardLimit, until deadline: ContinuousClock.Instant? = nil
    ) -> Action {
        guard var connection = connections[id] else { return outcome == .gone ? .nothing : .close }
        end(&connection)
        switch outcome {
        case .keep where phase == .running:
            connection.rest(since: now)
            connections[id] = connection
            return .watch
        case .keep where phase == .draining:
            connection.phase = .claimed
            connections[id] = connection
            return .retire
        case .discard where phase == .running && left > 0:
            connection.phase = .discarding(left: left)
            connection.deadline = connection.deadline ?? deadline
            connections[id] = connection
            return .watch
        case .gone:
            connections[id] = nil
            return .nothing
        case .keep, .close, .discard:
            connections[id] = nil
            return .close
        }
    }

    /// A busy connection had sent nothing: it returns to its phase.
    mutating func putBack(_ id: UInt64, at now: ContinuousClock.Instant) -> Action {
        guard phase != .stopped, var connection = connections[id], connection.isFresh else {
            return finish(id, .keep, at: now)
        }
        end(&connection)
        connection.phase = .fresh
        connection.deadline = now + freshTime
        connections[id] = connection
        return .watch
    }

    /// A busy connection waits for the rest of its request; also while draining, because a request
    /// that has begun is served. It is closed when memory is short or workers leave.
    mutating func suspend(_ id: UInt64, _ part: RequestPart) -> Action {
        guard var connection = connections[id] else { return .close }
        end(&connection)
        guard phase != .stopped, heldBytes + part.heldBytes <= bounds.partialBytes else {
            connections[id] = nil
            return .close
        }
        heldBytes += part.heldBytes
        connection.phase = .receiving
        connection.isFresh = false
        connection.deadline = part.arrival + bounds.patience
        connection.part = part
        connections[id] = connection
        return .watch
    }

    // MARK: Requests that wait for room

    /// A complete request waits for room; the oldest are refused if too much waits.
    mutating func hold(
        _ request: Request, until deadline: ContinuousClock.Instant
    ) -> Action {
        if var connection = connections[request.connection] {
            end(&connection)
            connection.phase = .waiting
            connections[request.connection] = connection
        }
        waiting.add(request, until: deadline)
        var refused: [Request] = []
        // Their number is bounded by that of the connections.
        while phase == .stopped || waiting.bytes > bounds.partialBytes,
            let oldest = takeOldest(hasRoom: false)
        {
            refused.append(oldest)
        }
        return refused.isEmpty ? .nothing : .refuse(refused)
    }

    /// Whether a waiting request may be handled.
    private var mayResume: Bool {
        !waiting.isEmpty && inFlight < bounds.inFlight && phase != .stopped
    }

    /// A request may have been answered: signals a worker when another can be handled.
    func offerRoom() -> Action { mayResume ? .signalRoom : .nothing }

    /// A thread has time for the request that has waited for longest, if there is room for it.
    mutating func resume() -> Action {
        guard mayResume, let request = takeOldest(hasRoom: true) else { return .nothing }
        return .handle(request)
    }

    /// Room is needed: refuses the request that has waited for longest.
    mutating func refuseOldest() -> Action {
        takeOldest(hasRoom: false).map { .refuse([$0]) } ?? .nothing
    }

    /// The server stops: no waiting request will be handled.
    mutating func refuseAll() -> Action {
        var refused: [Request] = []
        while let request = takeOldest(hasRoom: false) { refused.append(request) }
        return refused.isEmpty ? .nothing : .refuse(refused)
    }

    private mutating func takeOldest(hasRoom: Bool) -> Request? {
        guard let request = waiting.takeFirst() else { return nil }
        guard var connection = connections[request.connection] else { return request }
        begin(&connection, hasRoom: hasRoom)
        connections[request.connection] = connection
        return request
    }
}

extension ServerState.Connection {
    /// Its request is over, and it waits for the next one.
    fileprivate mutating func rest(since now: ContinuousClock.Instant) {
        phase = .idle
        isFresh = false
        restsSince = now
    }
}
