/// Which connections the server closes by itself: to make room, past their deadline, and while
/// draining.
extension ServerState {
    /// How long a connection may take to send its first bytes. nginx sends them right after its
    /// connect, so a drain waits only for as long as that can take on a busy machine.
    var freshTime: Duration {
        phase == .running ? bounds.patience : bounds.patience * 3 / 10
    }

    /// How long a connection must have been idle before it is closed to make room: a kept one may
    /// be in constant use, and the first bytes of a fresh one are on their way.
    private func grace(_ phase: ConnectionPhase) -> Duration {
        bounds.patience / (phase == .idle ? 100 : 10)
    }

    /// Whether there are more connections than the bound.
    var hasSurplus: Bool { phase == .running && connections.count > bounds.connections }

    // MARK: To make room

    /// There may be more connections than the bound: claims the one that has been idle for longest,
    /// or else one that has sent nothing since it was accepted. Without any room left, one is
    /// claimed however short its pause was.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - limit: How many at most, as each looks at all connections.
    /// - Returns: `closeSurplus`, or nothing.
    mutating func claimSurplus(at now: ContinuousClock.Instant, atMost limit: Int = 2) -> Action {
        guard phase == .running else { return .nothing }
        var claimed: [Claimed] = []
        while claimed.count < limit, connections.count - claimed.count > bounds.connections,
            let longest = longestResting(at: now, atOnce: !hasRoom && claimed.isEmpty)
        {
            claimed.append(longest)
            connections[longest.id]?.phase = .claimed
        }
        return claimed.isEmpty ? .nothing : .closeSurplus(claimed)
    }

    private func longestResting(
        at now: ContinuousClock.Instant, atOnce: Bool
    ) -> Claimed? {
        var longest: Claimed?
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

    /// The timer has fired: the connections past their deadline.
    mutating func claimLate(at now: ContinuousClock.Instant) -> Action {
        var late: [Claimed] = []
        for (id, connection) in connections where connection.isTimed {
            guard (connection.deadline ?? now) <= now else { continue }
            late.append((id: id, connection: connection))
        }
        for (id, _) in late { connections[id]?.phase = .claimed }
        return late.isEmpty ? .nothing : .closeLate(late)
    }

    /// The timer has fired: the requests that have waited too long.
    mutating func refuseOverdue(at now: ContinuousClock.Instant) -> Action {
        let overdue = waiting.takeOverdue(now)
        for request in overdue { connections[request.connection]?.phase = .busy }
        return overdue.isEmpty ? .nothing : .refuse(overdue)
    }

    /// The timer has fired, and what was due is removed: starts it for the next deadline.
    mutating func nextSweep(at now: ContinuousClock.Instant) -> Action {
        // Not at every deadline, because each sweep looks at all the connections.
        let pause = max(phase == .running ? bounds.patience / 50 : freshTime / 50, .milliseconds(1))
        var next = waiting.nextDeadline
        // A claimed connection may be released with its deadline.
        var isUnfinished = hasSurplus
        for connection in connections.values {
            isUnfinished = isUnfinished || connection.phase == .claimed
            guard connection.isTimed, let deadline = connection.deadline else { continue }
            next = min(next ?? deadline, deadline)
        }
        if isUnfinished { next = now }
        return sweepNext(at: next.map { max($0, now + pause) })
    }

    // MARK: The drain

    /// The drain begins or ends: claims the connections without a thread. At the beginning, fresh
    /// ones are spared and get a last deadline.
    mutating func claimResting(at now: ContinuousClock.Instant, isEnd: Bool) -> Action {
        var claimed: [Claimed] = []
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
        return claimed.isEmpty ? .nothing : .closeResting(claimed)
    }

    /// A claimed connection returns to its phase.
    mutating func release(_ id: UInt64, to phase: ConnectionPhase) -> Action {
        guard connections[id] != nil else { return .nothing }
        connections[id]?.phase = phase
        return .watch
    }

    /// A claimed connection is removed, unless another thread has closed it.
    mutating func forget(_ id: UInt64) -> Action {
        guard let connection = connections.removeValue(forKey: id) else { return .nothing }
        heldBytes -= connection.part?.heldBytes ?? 0
        return .close
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

    /// A kept connection is closed before one that has not sent its first request yet.
    fileprivate func rested(longerThan other: Self) -> Bool {
        (phase == .idle) == (other.phase == .idle)
            ? restsSince < other.restsSince : phase == .idle
    }
}
