import Domain

/// The callers that wait for results, and their messages.
///
/// A pure state machine: callers and states go in, finished callers come out. A waiter is added,
/// gets states by `settle`, and leaves when all are known, its time is over, or the list was
/// closed; a closed list accepts nobody.
struct WatchList {
    /// A waiter that leaves, with what it knows.
    struct Leaver: Equatable {
        let id: UInt64
        /// Messages without a known state are absent.
        let states: [MessageID: SendState]
    }

    private struct Waiter {
        var pending: Set<MessageID>
        var states: [MessageID: SendState] = [:]
        let deadline: ContinuousClock.Instant
    }

    private var waiters: [UInt64: Waiter] = [:]
    private var nextID: UInt64 = 0
    private var messages = 0
    private(set) var isClosed = false

    static let waiterLimit = 512
    /// Of all waiters together, because each message is queried repeatedly.
    static let messageLimit = 50_000

    var count: Int { waiters.count }

    /// The messages to ask for.
    var pending: [MessageID] { waiters.values.flatMap(\.pending) }

    /// When the first waiter's time is over; nil without waiters.
    var deadline: ContinuousClock.Instant? { waiters.values.map(\.deadline).min() }

    /// Adds a waiter; nil if there is no room.
    mutating func add(
        _ messages: [MessageID], until deadline: ContinuousClock.Instant
    ) -> UInt64? {
        guard !isClosed, waiters.count < Self.waiterLimit,
            self.messages + messages.count <= Self.messageLimit
        else { return nil }
        self.messages += messages.count
        nextID += 1
        waiters[nextID] = Waiter(pending: Set(messages), deadline: deadline)
        return nextID
    }

    mutating func close() { isClosed = true }

    /// Passes on the known states; returns the waiters that leave, the earliest first.
    mutating func settle(
        _ states: [MessageID: SendState], at now: ContinuousClock.Instant
    ) -> [Leaver] {
        var leavers: [Leaver] = []
        for (id, var waiter) in waiters {
            for message in waiter.pending {
                guard let state = states[message] else { continue }
                waiter.states[message] = state
                if state.status != .queued { waiter.pending.remove(message) }
            }
            if waiter.pending.isEmpty || isClosed || waiter.deadline <= now {
                leavers.append(Leaver(id: id, states: waiter.states))
                messages -= waiter.pending.union(waiter.states.keys).count
                waiters[id] = nil
            } else {
                waiters[id] = waiter
            }
        }
        return leavers.sorted { $0.id < $1.id }
    }
}
