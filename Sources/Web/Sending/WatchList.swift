import Domain

/// Who waits for the answers of providers, and for which messages.
///
/// A pure state machine: callers and states go in, who is done comes out. A waiter is added, learns
/// of its messages by `settle`, and leaves by it when all are known, its time is over, or the list
/// was closed; a closed list takes nobody in.
struct WatchList {
    /// What a waiter that leaves knows.
    struct Leaver: Equatable {
        let id: UInt64
        /// Messages that nothing is known of are absent.
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
    /// Of all waiters together: each is asked for again and again.
    static let messageLimit = 50_000

    var count: Int { waiters.count }

    /// The messages to ask for.
    var pending: [MessageID] { waiters.values.flatMap(\.pending) }

    /// When somebody's time is over; nil if nobody waits.
    var deadline: ContinuousClock.Instant? { waiters.values.map(\.deadline).min() }

    /// Takes a waiter in; nil if there is no room.
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

    /// Tells what is known now; returns who leaves, the first comer first.
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
