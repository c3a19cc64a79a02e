import CPostgres

extension Connection {
    /// Runs a body inside of a transaction: commits when it returns, rolls back when it throws.
    ///
    /// - Parameter body: uses this connection; opens no transaction of its own.
    /// - Returns: what the body returned, once it is committed.
    /// - Throws: the body's error; or the commit's, with `isOutcomeUnknown` when the connection was
    ///   lost or the deadline passed after the COMMIT was sent, and when the server's wait for its
    ///   standby was cancelled; or `transactionState` when a statement had failed and the body hid
    ///   it, so that the server rolled back.
    @discardableResult
    package func transaction<Value>(
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try run(command: "begin")
        let value: Value
        do {
            value = try body()
        } catch {
            rollBack()
            throw error
        }
        let tag = try run(command: "commit")
        guard tag == "COMMIT" else {
            throw PostgresError(.transactionState, "COMMIT was answered with \(tag)")
        }
        return value
    }

    /// Runs a body that begins a transaction with `begin(with:)` and ends it with `commit(after:)`;
    /// neither costs a round trip of its own. Rolls back what the body leaves open.
    ///
    /// - Parameter body: uses this connection; everything between the two is in the transaction.
    /// - Returns: what the body returned.
    /// - Throws: the body's error; or `transactionState` when it did not end what it began.
    package func pipelinedTransaction<Value>(
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let value: Value
        do throws(PostgresError) {
            value = try body()
        } catch {
            rollBack()
            throw error
        }
        guard isUsable, isInTransaction else { return value }
        rollBack()
        throw PostgresError(.transactionState, "the transaction was not committed")
    }

    /// Begins a transaction and runs its first statements, in one round trip.
    ///
    /// - Parameters:
    ///   - statements: what to run, in this order.
    ///   - limit: how long to wait for all of them, instead of the settings' `responseTimeout`.
    /// - Returns: one `Results` per statement.
    /// - Throws: the first failure; nothing was committed then.
    package func begin<each S: Statement>(
        with statements: repeat each S, within limit: Duration? = nil
    ) throws(PostgresError) -> (repeat Results<(each S).Row>) {
        try send(repeat each statements, in: .begin, within: limit).receive()
    }

    /// Runs the last statements of a transaction and commits it, in one round trip.
    ///
    /// They are not cancelled at the deadline, because the commit may have begun.
    /// - Parameters:
    ///   - statements: what to run, in this order.
    ///   - limit: how long to wait for all of them, instead of the settings' `responseTimeout`.
    /// - Returns: one `Results` per statement, once they are committed.
    /// - Throws: the first failure, after which nothing was committed unless `isOutcomeUnknown`;
    ///   `transactionState` when a statement before had failed.
    package func commit<each S: Statement>(
        after statements: repeat each S, within limit: Duration? = nil
    ) throws(PostgresError) -> (repeat Results<(each S).Row>) {
        try checkUsable()
        guard handle.transactionStatus == PQTRANS_INTRANS else {
            throw PostgresError(.transactionState, "there is no transaction to commit")
        }
        return try send(repeat each statements, in: .commit, within: limit).receive()
    }

    /// Without a rollback, later statements would run in the failed transaction.
    private func rollBack() {
        guard isUsable, isInTransaction else { return }
        if (try? run(command: "rollback")) == nil { isBroken = true }
    }

    /// Runs SQL of any number of statements, whose rows are dropped; used for migrations.
    ///
    /// Without transaction commands in it, it is one transaction. Never put values into the text.
    /// - Parameters:
    ///   - script: trusted SQL.
    ///   - limit: how long to wait, instead of the settings' `responseTimeout`; the server's
    ///     `statement_timeout` holds besides, unless the script sets it.
    /// - Throws: the first failure, after which the rest was not run.
    package func execute(
        script: String, within limit: Duration? = nil
    ) throws(PostgresError) {
        // A script in a transaction could contain its COMMIT; ours do not, so it may be cancelled.
        try simpleQuery(
            script, mayCommit: true, isCancellable: isInTransaction,
            until: .now + (limit ?? settings.responseTimeout))
    }

    /// Runs one of our own commands and returns its tag.
    @discardableResult
    private func run(command: String) throws(PostgresError) -> String {
        do throws(PostgresError) {
            let isCommit = command == "commit"
            return try simpleQuery(
                command, mayCommit: isCommit, isCancellable: !isCommit,
                until: .now + settings.responseTimeout)
        } catch {
            throw error.during(command)
        }
    }

    @discardableResult
    private func simpleQuery(
        _ sql: String, mayCommit: Bool, isCancellable: Bool,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> String {
        try checkUsable()
        // Pipeline mode allows one statement per message, a script has many.
        guard PQexitPipelineMode(handle.pointer) == 1 else {
            throw broken(.protocolViolation, handle.errorText)
        }
        defer { if PQenterPipelineMode(handle.pointer) != 1 { isBroken = true } }
        noteSent(mayCommit: mayCommit, isCancellable: isCancellable, until: deadline)
        defer { self.mayCommit = false }
        roundTripCount += 1
        guard PQsendQuery(handle.pointer, sql) == 1 else { throw lost() }
        try flush()
        var failure: PostgresError?
        var tag = ""
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: tag = result.commandTag
            case PGRES_FATAL_ERROR: failure = failure ?? error(in: result)
            default:
                // COPY would wait for data that nobody sends.
                throw broken(.protocolViolation, "result status \(result.status.rawValue)")
            }
        }
        if let failure { throw failure }
        try checkDurability()
        return tag
    }
}

extension Connection {
    /// Raises `synchronous_commit` to `on` at least: a commit is flushed here and by the
    /// synchronous standbys, if any are named, whatever the defaults of server and role. A stronger
    /// setting stays.
    ///
    /// It holds for the session, even when the server's configuration is reloaded.
    func insistOnDurability(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        try execute(
            script: """
                select set_config(
                    'synchronous_commit',
                    case current_setting('synchronous_commit')
                        when 'remote_apply' then 'remote_apply' else 'on'
                    end,
                    false)
                """,
            within: deadline - .now)
    }
}
