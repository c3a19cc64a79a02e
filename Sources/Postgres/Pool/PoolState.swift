/// The state of a pool, as a pure state machine: each event, with its time, gives one action.
///
/// It does no I/O, and is generic over the connection and the waiter; the pool acts after
/// unlocking.
struct PoolState<Connection, Waiter: AnyObject> {
    /// A connection while it is lent.
    struct Loan {
        let connection: Connection
        /// The generation of the connection; all of one are retired together.
        let generation: Int
    }

    /// What a waiting caller gets.
    enum Outcome {
        /// It has a connection.
        case lent(Loan)
        /// There is room: it asks again, and may open a connection.
        case mayTryAgain
        /// There will be none.
        case failed(PostgresError)
    }

    /// The answer to each event.
    enum Action {
        case nothing
        /// The caller gets it; if it turns out to be dead, `gaveUp` and ask again.
        case lend(Loan)
        /// The caller opens a connection, and reports `connected` or `connectFailed`.
        case connect(startingAtHost: Int, generation: Int)
        /// The caller waits until it is resumed, or reports `gaveUpWaiting`.
        case wait(Waiter)
        /// The caller fails, and so do these waiters, whom no other event would resume.
        case fail(PostgresError, with: [Waiter])
        /// The caller keeps waiting: its outcome comes at once.
        case takeOutcome
        /// This waiter is resumed.
        case resume(Waiter, Outcome)
        /// These connections are closed, and these waiters are told that the pool is.
        case close([Connection], failing: [Waiter])
    }

    private let maximumCount: Int
    private var idle: [Loan] = []
    private var waiters: [Waiter] = []
    private var circuit: Circuit
    private var counters = PoolStatistics()
    private var isClosed = false
    private var lastFailure = PostgresError(.connection, "")
    /// The host that answered last; one that hangs is then not tried first each time.
    private var preferredHost = 0
    /// Grows whenever all connections so far are retired.
    private var generation = 0

    init(maximumCount: Int, backoff: ReconnectBackoff) {
        self.maximumCount = maximumCount
        circuit = Circuit(backoff: backoff)
    }

    var statistics: PoolStatistics {
        var statistics = counters
        statistics.idle = idle.count
        statistics.waiting = waiters.count
        return statistics
    }

    /// Lent, or being opened: each of them ends with an event that resumes a waiter.
    private var busyCount: Int { counters.inUse + counters.connecting }

    // MARK: A caller

    /// A caller wants a connection.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - makeWaiter: what it would wait as.
    /// - Returns: `lend`, `connect`, `wait` or `fail`.
    mutating func acquire(
        at now: ContinuousClock.Instant, orWaitAs makeWaiter: () -> Waiter
    ) -> Action {
        if isClosed { return .fail(PostgresError(.poolClosed, ""), with: []) }
        if let loan = idle.popLast() {
            counters.inUse += 1
            return .lend(loan)
        }
        guard busyCount < maximumCount else {
            let waiter = makeWaiter()
            waiters.append(waiter)
            return .wait(waiter)
        }
        guard circuit.admit(at: now) == .connect else {
            // With no connection in use, no event would resume the waiters before their time is
            // over.
            return .fail(lastFailure, with: busyCount == 0 ? takeWaiters() : [])
        }
        counters.connecting += 1
        return .connect(startingAtHost: preferredHost, generation: generation)
    }

    /// A waiter's time is over.
    mutating func gaveUpWaiting(_ waiter: Waiter) -> Action {
        // Resumed just now: the connection given to it must not be lost.
        guard let index = waiters.firstIndex(where: { $0 === waiter }) else { return .takeOutcome }
        waiters.remove(at: index)
        counters.exhausted += 1
        return .fail(
            PostgresError(.poolExhausted, "\(maximumCount) connections in use"), with: [])
    }

    // MARK: A connection

    /// A connection was opened, for the caller that opened it.
    mutating func connected(host: Int) {
        circuit.succeeded()
        preferredHost = host
        counters.connecting -= 1
        counters.inUse += 1
        counters.opened += 1
    }

    /// A connection could not be opened; `jitter` is from 0 to 1.
    mutating func connectFailed(
        _ error: PostgresError, at now: ContinuousClock.Instant, jitter: Double
    ) -> Action {
        circuit.failed(at: now, jitter: jitter)
        lastFailure = error
        counters.connecting -= 1
        counters.failed += 1
        // While some are lent or being opened, the waiters may still get one.
        return .fail(error, with: busyCount == 0 ? takeWaiters() : [])
    }

    /// A lent connection was returned in a usable state.
    mutating func release(_ loan: Loan) -> Action {
        guard !isClosed, loan.generation == generation else { return gaveUp() }
        guard !waiters.isEmpty else {
            counters.inUse -= 1
            idle.append(loan)
            return .nothing
        }
        return .resume(waiters.removeFirst(), .lent(loan))
    }

    /// A lent connection is unusable; its holder closes it.
    mutating func gaveUp() -> Action {
        counters.inUse -= 1
        return waiters.isEmpty ? .nothing : .resume(waiters.removeFirst(), .mayTryAgain)
    }

    /// Retires all connections of a generation, because one of them failed.
    mutating func retire(generation: Int) -> Action {
        guard generation == self.generation else { return .nothing }
        self.generation += 1
        return .close(takeIdle(), failing: [])
    }

    /// No connection is lent any more; lent ones are closed when they are returned.
    mutating func close() -> Action {
        isClosed = true
        return .close(takeIdle(), failing: takeWaiters())
    }

    private mutating func takeIdle() -> [Connection] {
        defer { idle = [] }
        return idle.map(\.connection)
    }

    private mutating func takeWaiters() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }
}

extension PoolState.Loan: Sendable where Connection: Sendable {}
extension PoolState.Outcome: Sendable where Connection: Sendable {}
