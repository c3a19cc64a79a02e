import Synchronization

/// A bounded number of connections, lent to one thread each.
///
/// Connections are opened when first needed. One that broke, or was left inside a transaction, is
/// dropped; an idle one is checked without a round trip before it is lent. While the server cannot
/// be reached, callers fail at once, and one at a time tries to connect (see `Circuit`).
///
/// For plain threads: callers block, so never call from Swift's cooperative pool. Safe to use from
/// any thread.
package final class ConnectionPool: Sendable {
    private typealias State = PoolState<Connection, PoolWaiter>

    private let settings: ConnectionSettings
    private let maximumCount: Int
    private let maximumWait: Duration
    private let state: Mutex<State>
    private let commitDoubt = Atomic<Bool>(true)

    /// Makes an empty pool; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - settings: for all of its connections.
    ///   - maximumCount: how many connections at most, 1 or more.
    ///   - maximumWait: how long a caller waits for one; connecting may take up to a second more.
    ///   - backoff: the pauses between attempts to reach a server.
    package init(
        _ settings: ConnectionSettings, maximumCount: Int,
        maximumWait: Duration = .seconds(5), backoff: ReconnectBackoff = ReconnectBackoff()
    ) {
        precondition(maximumCount > 0, "a pool of at least one connection")
        self.settings = settings
        self.maximumCount = maximumCount
        self.maximumWait = maximumWait
        state = Mutex(State(maximumCount: maximumCount, backoff: backoff))
    }

    deinit {
        close()
    }

    /// Lends a connection to the body and takes it back.
    ///
    /// - Parameters:
    ///   - isIdempotent: true allows to run the whole body once more on a fresh connection, when an
    ///     idle one turns out to have been lost. Only for what is harmless to do twice.
    ///   - wait: how long to wait for a connection, instead of the pool's `maximumWait`.
    ///   - body: must not keep the connection.
    /// - Returns: what the body returned.
    /// - Throws: the body's error; `poolExhausted`, `poolClosed`, or why no connection could be
    ///   opened, before the body was run.
    @discardableResult
    package func withConnection<Value>(
        isIdempotent: Bool = false, within wait: Duration? = nil,
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let lease = try acquire(within: wait ?? maximumWait)
        do throws(PostgresError) {
            defer { release(lease) }
            return try body(lease.connection)
        } catch {
            if error.isOutcomeUnknown { hasCommitDoubt = true }
            guard isIdempotent, lease.wasIdle, error.isConnectionLost else { throw error }
        }
        // The other idle ones were most likely lost as well.
        retire(lease.loan.generation)
        let fresh = try acquire(within: wait ?? maximumWait)
        defer { release(fresh) }
        do throws(PostgresError) {
            return try body(fresh.connection)
        } catch {
            if error.isOutcomeUnknown { hasCommitDoubt = true }
            throw error
        }
    }

    /// Whether a commit of this pool may still be running at the server although no caller waits
    /// for it: true at the start, since an earlier process may have left one, and after each
    /// unknown outcome, until the caller sets it to false.
    ///
    /// A server that waits for an absent standby keeps each such session waiting, so a caller that
    /// keeps committing would use up all of the server's connections.
    package var hasCommitDoubt: Bool {
        get { commitDoubt.load(ordering: .relaxed) }
        set { commitDoubt.store(newValue, ordering: .relaxed) }
    }

    /// Opens a connection outside of the pool and closes it, to check that the server is reachable.
    ///
    /// - Parameter limit: how long it may take.
    /// - Returns: nil if it is; else why not.
    package func connectFailure(within limit: Duration) -> PostgresError? {
        do throws(PostgresError) {
            _ = try Connection(settings, within: limit)
            return nil
        } catch {
            return error
        }
    }

    /// What the pool is doing, for metrics.
    package var statistics: PoolStatistics { state.withLock { $0.statistics } }

    /// Closes the idle connections and lends no more; those lent are closed when they come back.
    package func close() {
        perform(state.withLock { $0.close() })
    }
}

extension ConnectionPool {
    /// A connection that is lent to a caller.
    private struct Lease {
        let loan: State.Loan
        /// Whether it was opened for an earlier caller.
        let wasIdle: Bool

        var connection: Connection { loan.connection }
    }

    private func acquire(within wait: Duration) throws(PostgresError) -> Lease {
        let deadline = ContinuousClock.now + wait
        while true {
            let now = ContinuousClock.now
            switch state.withLock({ $0.acquire(at: now, orWaitAs: { PoolWaiter() }) }) {
            case .lend(let loan):
                if loan.connection.isAlive() { return Lease(loan: loan, wasIdle: true) }
                giveUp()
            case .connect(let host, let generation):
                return try connect(host, generation, until: deadline)
            case .wait(let waiter):
                if let lease = try take(outcome(of: waiter, until: deadline)) { return lease }
            case .fail(let error, let others):
                fail(others, error)
                throw error
            case .nothing, .takeOutcome, .resume, .close:
                preconditionFailure("not an answer to a caller")
            }
        }
    }

    private func outcome(
        of waiter: PoolWaiter, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PoolWaiter.Outcome {
        if let outcome = waiter.wait(until: deadline) { return outcome }
        if case .fail(let error, _) = state.withLock({ $0.gaveUpWaiting(waiter) }) { throw error }
        return waiter.promisedOutcome()
    }

    private func take(_ outcome: PoolWaiter.Outcome) throws(PostgresError) -> Lease? {
        switch outcome {
        case .lent(let loan): Lease(loan: loan, wasIdle: true)
        case .mayTryAgain: nil
        case .failed(let error): throw error
        }
    }

    private func connect(
        _ host: Int, _ generation: Int, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Lease {
        // At least a second: a caller with little time left must not open the circuit for all.
        let limit = max(deadline - .now, .seconds(1))
        do throws(PostgresError) {
            let connection = try Connection(settings, within: limit, startingAtHost: host)
            state.withLock { $0.connected(host: connection.hostOffset) }
            return Lease(
                loan: State.Loan(connection: connection, generation: generation), wasIdle: false)
        } catch {
            let failure = error
            let (now, jitter) = (ContinuousClock.now, Double.random(in: 0...1))
            perform(state.withLock { $0.connectFailed(failure, at: now, jitter: jitter) })
            throw failure
        }
    }

    private func release(_ lease: Lease) {
        // A demoted server: the other idle connections lead to the same one.
        if lease.connection.isReadOnly { retire(lease.loan.generation) }
        guard lease.connection.isUsable, !lease.connection.isInTransaction else {
            return giveUp()
        }
        perform(state.withLock { $0.release(lease.loan) })
    }

    private func giveUp() {
        perform(state.withLock { $0.gaveUp() })
    }

    private func retire(_ generation: Int) {
        perform(state.withLock { $0.retire(generation: generation) })
    }

    /// Done after unlocking: signals wake threads, and connections are closed.
    private func perform(_ action: State.Action) {
        switch action {
        case .resume(let waiter, let outcome): waiter.resume(outcome)
        case .fail(let error, let waiters): fail(waiters, error)
        case .close(_, let waiters): fail(waiters, PostgresError(.poolClosed, ""))
        case .nothing, .lend, .connect, .wait, .takeOutcome: break
        }
    }

    private func fail(_ waiters: [PoolWaiter], _ error: PostgresError) {
        for waiter in waiters { waiter.resume(.failed(error)) }
    }
}
