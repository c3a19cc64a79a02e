/// The pool's books: events in, what to do out. It does no I/O; the pool acts after unlocking.
struct PoolState {
    /// What a caller has to do to get a connection.
    enum Acquisition {
        /// Check this one, and use it or give it up.
        case idle(Connection, generation: Int)
        /// Open one, and report `connected` or `connectFailed`.
        case connect(startingAtHost: Int, generation: Int)
        /// Wait to be resumed.
        case wait(PoolWaiter)
        /// Fail.
        case refused(PostgresError)
    }

    /// Whom to resume, and with what.
    typealias Resumption = (waiter: PoolWaiter, outcome: PoolWaiter.Outcome)

    private let maximumCount: Int
    private var idle: [(connection: Connection, generation: Int)] = []
    private var waiters: [PoolWaiter] = []
    private var circuit: Circuit
    private var counters = PoolStatistics()
    private var isClosed = false
    private var lastFailure = PostgresError(.connection, "")
    /// The host that was found last; one that hangs is then not tried first each time.
    private var preferredHost = 0
    /// Grows whenever all connections so far are held to be useless.
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

    mutating func acquire(at now: ContinuousClock.Instant) -> Acquisition {
        if isClosed { return .refused(PostgresError(.poolClosed, "")) }
        if let last = idle.popLast() {
            counters.inUse += 1
            return .idle(last.connection, generation: last.generation)
        }
        guard counters.inUse + counters.connecting < maximumCount else {
            let waiter = PoolWaiter()
            waiters.append(waiter)
            return .wait(waiter)
        }
        guard circuit.admit(at: now) == .connect else { return .refused(lastFailure) }
        counters.connecting += 1
        return .connect(startingAtHost: preferredHost, generation: generation)
    }

    /// A connection was opened, for the caller that opened it.
    mutating func connected(host: Int) {
        circuit.succeeded()
        preferredHost = host
        counters.connecting -= 1
        counters.inUse += 1
        counters.opened += 1
    }

    /// A connection could not be opened.
    mutating func connectFailed(
        _ error: PostgresError, at now: ContinuousClock.Instant, jitter: Double
    ) -> [Resumption] {
        circuit.failed(at: now, jitter: jitter)
        lastFailure = error
        counters.connecting -= 1
        counters.failed += 1
        // While some are lent or being opened, the waiters may yet get one.
        guard counters.inUse + counters.connecting == 0 else { return [] }
        defer { waiters = [] }
        return waiters.map { ($0, .failed(error)) }
    }

    /// A lent connection came back in good order.
    mutating func release(_ connection: Connection, generation: Int) -> Resumption? {
        guard !isClosed, generation == self.generation else { return giveUp() }
        guard !waiters.isEmpty else {
            counters.inUse -= 1
            idle.append((connection, generation))
            return nil
        }
        return (waiters.removeFirst(), .lent(connection, generation: generation))
    }

    /// A lent connection is no more.
    mutating func giveUp() -> Resumption? {
        counters.inUse -= 1
        return waiters.isEmpty ? nil : (waiters.removeFirst(), .mayTryAgain)
    }

    /// A waiter's time was up; false when it has been resumed meanwhile.
    mutating func forget(_ waiter: PoolWaiter) -> Bool {
        guard let index = waiters.firstIndex(where: { $0 === waiter }) else { return false }
        waiters.remove(at: index)
        counters.exhausted += 1
        return true
    }

    /// All connections of a generation are held to be useless: hands over the idle ones.
    mutating func retire(generation: Int) -> [Connection] {
        guard generation == self.generation else { return [] }
        self.generation += 1
        defer { idle = [] }
        return idle.map(\.connection)
    }

    mutating func close() -> (idle: [Connection], resumptions: [Resumption]) {
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        return (
            idle.map(\.connection),
            waiters.map { ($0, .failed(PostgresError(.poolClosed, ""))) }
        )
    }
}
