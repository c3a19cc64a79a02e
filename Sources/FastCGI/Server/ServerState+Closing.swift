/// Which connections are closed though their peers did not: for want of room, past their deadline,
/// in the drain.
extension ServerState {
    /// How long a connection may take to send its first bytes. nginx sends them right behind its
    /// connect; in the drain nobody waits for longer than that could take on a busy machine.
    var freshTime: Duration {
        phase == .running ? bounds.patience : bounds.patience * 3 / 10
    }

    /// How long a connection must have rested to be closed for want of room: a kept one may be in
    /// use all the time, and the first bytes of a fresh one are on their way.
    private func grace(_ phase: ConnectionPhase) -> Duration {
        bounds.patience / (phase == .idle ? 100 : 10)
    }

    /// Whether there are more connections than the bound.
    var hasSurplus: Bool { phase == .running && connections.count > bounds.connections }

    // MARK: For want of room

    /// The connections to close when there are more than the bound: the one that has rested for
    /// longest, else one that has been silent since it was accepted. They are the caller's until
    /// `release` or `forget`. Without any room one goes however short its rest was.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - limit: How many at most, as each costs a look at all.
    /// - Returns: Those to close.
    mutating func claimSurplus(
        at now: ContinuousClock.Instant, atMost limit: Int = 2
    ) -> [(id: UInt64, connection: Connection)] {
        guard phase == .running else { return [] }
        var claimed: [(id: UInt64, connection: Connection)] = []
        while claimed.count < limit, connections.count - claimed.count > bounds.connections,
            let longest = longestResting(at: now, atOnce: !hasRoom && claimed.isEmpty)
        {
            claimed.append(longest)
            connections[longest.id]?.phase = .claimed
        }
        return claimed
    }

    private func longestResting(
        at now: ContinuousClock.Instant, atOnce: Bool
    ) -> (id: UInt64, connection: Connection)? {
        var longest: (id: UInt64, connection: Connection)?
        for (id, connection) in connections {
            guard connection.phase == .idle || connection.phase == .fresh,
                now - connection.restsSince >= grace(connection.phase)
                    || atOnce && connection.phase == .idle
            else { continue }
            if let known = longest, !connection.rested(longerThan: known.connection) { continue }
            longest = (id, connection)
        }
        return longest
    }

    // MARK: Deadlines

    /// A connection or what waits got a deadline. True when the caller starts the timer for it.
    mutating func mustSweep(by deadline: ContinuousClock.Instant) -> Bool {
        if let sweepTime, sweepTime <= deadline { return false }
        sweepTime = deadline
        return true
    }

    /// The timer has fired.
    ///
    /// - Returns: The connections past their deadline, which are the caller's until `release` or
    ///   `forget`; the requests that have waited too long, for the caller to refuse; and how long
    ///   the timer has to run, nothing when there is no deadline.
    mutating func sweep(
        _ now: ContinuousClock.Instant
    ) -> (late: [(id: UInt64, connection: Connection)], overdue: [Exchange], next: Duration?) {
        let timed = connections.filter { $0.value.isTimed }
        let late = timed.filter { ($0.value.deadline ?? now) <= now }
        for id in late.keys { connections[id]?.phase = .claimed }
        let overdue = waiting.takeOverdue(now)
        for exchange in overdue { connections[exchange.connection]?.phase = .busy }
        // Not at every deadline: all the connections are looked at each time.
        let pause = max(phase == .running ? bounds.patience / 50 : freshTime / 50, .milliseconds(1))
        let deadlines = timed.values.lazy.compactMap(\.deadline).filter { $0 > now }
        let next = [deadlines.min(), waiting.nextDeadline].compactMap { $0 }.min()
        // One that was claimed just now may be released with its deadline.
        let isUnfinished = !late.isEmpty || hasSurplus
        sweepTime = next.map { max(isUnfinished ? now : $0, now + pause) }
        if sweepTime == nil, isUnfinished { sweepTime = now + pause }
        return (
            late.map { (id: $0.key, connection: $0.value) }, overdue,
            sweepTime.map { now.duration(to: $0) }
        )
    }

    // MARK: The drain

    /// The connections without a thread, but for the fresh ones, which get a last deadline; they
    /// are the caller's until `release` or `forget`. At the end the fresh ones, too.
    mutating func claimResting(
        at now: ContinuousClock.Instant, isEnd: Bool
    ) -> [(id: UInt64, connection: Connection)] {
        var claimed: [(id: UInt64, connection: Connection)] = []
        for (id, connection) in connections {
            switch connection.phase {
            case .busy, .claimed, .waiting:
                continue
            case .fresh where !isEnd:
                let deadline = min(connection.deadline ?? now, now + freshTime)
                connections[id]?.deadline = deadline
                continue
            case .fresh, .idle, .receiving, .discarding:
                connections[id]?.phase = .claimed
                claimed.append((id: id, connection: connection))
            }
        }
        return claimed
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
    fileprivate var isTimed: Bool {
        switch phase {
        case .fresh, .receiving, .discarding: true
        case .idle, .busy, .waiting, .claimed: false
        }
    }

    /// A kept connection goes before one that has not had its turn yet.
    fileprivate func rested(longerThan other: Self) -> Bool {
        (phase == .idle) == (other.phase == .idle)
            ? restsSince < other.restsSince : phase == .idle
    }
}
