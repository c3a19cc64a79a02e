import CPostgres

/// Which command is sent before or after the statements of a batch.
enum Bracket {
    /// None: outside of a transaction, the batch is one.
    case none
    /// `begin` comes first; the transaction stays open.
    case begin
    /// `commit` comes last.
    case commit
}

/// Statements that were sent and whose results are still to be received.
///
/// Dropping it without `receive()` makes the connection unusable.
package struct Pending<each S: Statement>: ~Copyable {
    private let connection: Connection
    private let batch: UInt64
    private let bracket: Bracket
    /// One bit for each statement that was sent.
    private let sent: UInt64
    private let deadline: ContinuousClock.Instant

    fileprivate init(
        _ connection: Connection, _ batch: UInt64, _ bracket: Bracket, _ sent: UInt64,
        _ deadline: ContinuousClock.Instant
    ) {
        self.connection = connection
        self.batch = batch
        self.bracket = bracket
        self.sent = sent
        self.deadline = deadline
    }

    deinit {
        // The next batch would read these results as its own.
        if connection.outstanding == batch { connection.isBroken = true }
    }

    /// Waits for the results, each statement's in the order in which they were sent.
    ///
    /// - Returns: one `Results` per statement.
    /// - Throws: the first failure, with `statement` and `statementIndex`; a batch sent outside of
    ///   a transaction was then rolled back, unless `isOutcomeUnknown`. Also `decode`, when all was
    ///   done and a row could not be read. The outcome is unknown past the deadline, and when the
    ///   server's wait for its standby was cancelled.
    package consuming func receive() throws(PostgresError) -> (repeat Results<(each S).Row>) {
        do {
            if bracket == .begin { try connection.receiveCommand("begin", until: deadline) }
            var index = 0
            let results =
                (repeat try connection.receiveResults(
                    of: (each S).self, &index, sent, until: deadline))
            if bracket == .commit { try connection.receiveCommand("commit", until: deadline) }
            try connection.receiveSync(until: deadline)
            return results
        } catch {
            connection.skipToSync(until: deadline)
            throw error
        }
    }
}

extension Connection {
    /// Runs one statement and waits for its result.
    ///
    /// It is prepared when the connection first sees it.
    /// - Parameters:
    ///   - statement: what to run, with its values.
    ///   - limit: how long to wait, instead of the settings' `responseTimeout`.
    /// - Returns: its rows.
    /// - Throws: any code; see `PostgresError`.
    @discardableResult
    package func execute<S: Statement>(
        _ statement: S, within limit: Duration? = nil
    ) throws(PostgresError) -> Results<S.Row> {
        try send(statement, within: limit).receive()
    }

    /// Runs several statements in one round trip; see `send`.
    ///
    /// - Parameters:
    ///   - first: what to run first.
    ///   - second: what to run next.
    ///   - others: what to run then, in this order.
    ///   - limit: how long to wait for all of them.
    /// - Returns: one `Results` per statement.
    /// - Throws: see `Pending.receive()`.
    @discardableResult
    package func execute<First: Statement, Second: Statement, each Other: Statement>(
        _ first: First, _ second: Second, _ others: repeat each Other,
        within limit: Duration? = nil
    ) throws(PostgresError) -> (
        Results<First.Row>, Results<Second.Row>, repeat Results<(each Other).Row>
    ) {
        try send(first, second, repeat each others, within: limit).receive()
    }

    /// Sends statements to the server and returns while it works on them. Once they are prepared,
    /// it waits only briefly for a server that takes no more bytes.
    ///
    /// They go in one write with one sync at the end. Outside of a transaction they are one
    /// transaction: all or nothing. After a failure the server skips the rest.
    /// - Parameters:
    ///   - statements: what to run, in this order.
    ///   - limit: how long all may take from now, instead of the settings' `responseTimeout`.
    /// - Returns: where to receive the results.
    /// - Throws: when the statements cannot be prepared or the server does not take them.
    package func send<each S: Statement>(
        _ statements: repeat each S, within limit: Duration? = nil
    ) throws(PostgresError) -> Pending<repeat each S> {
        try send(repeat each statements, in: .none, within: limit)
    }

    func send<each S: Statement>(
        _ statements: repeat each S, in bracket: Bracket, within limit: Duration?
    ) throws(PostgresError) -> Pending<repeat each S> {
        let deadline = ContinuousClock.now + (limit ?? settings.responseTimeout)
        try checkUsable()
        // One bit per statement, as an array would be allocated for every batch; none has 64.
        var sent: UInt64 = 0
        var bit: UInt64 = 1
        for statement in repeat each statements {
            if statement.isNeeded {
                sent |= bit
                try prepare(type(of: statement), until: deadline)
            }
            bit <<= 1
        }
        // Outside of a transaction, the batch commits at a moment that we do not see.
        let mayCommit = bracket == .commit || bracket == .none && !isInTransaction
        noteSent(mayCommit: mayCommit, isCancellable: !mayCommit, until: deadline)
        batchCount += 1
        outstanding = batchCount
        if bracket == .begin { try enqueue(command: "begin") }
        for statement in repeat each statements {
            if statement.isNeeded { try enqueue(statement) }
        }
        if bracket == .commit { try enqueue(command: "commit") }
        try sendSync()
        return Pending(self, batchCount, bracket, sent, deadline)
    }

    /// Ends a batch, and sends what the server takes at once.
    func sendSync() throws(PostgresError) {
        roundTripCount += 1
        guard PQpipelineSync(handle.pointer) == 1 else { throw lost() }
        try flush()
    }

    /// One of our own commands; not prepared, because parsing it costs next to nothing.
    private func enqueue(command: StaticString) throws(PostgresError) {
        guard
            PQsendQueryParams(handle.pointer, command.pointer, 0, nil, nil, nil, nil, 1) == 1
        else { throw lost() }
    }

    fileprivate func receiveCommand(
        _ command: String, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        do throws(PostgresError) {
            guard let result = try nextResult(until: deadline) else {
                throw broken(.protocolViolation, "no result")
            }
            guard result.status == PGRES_COMMAND_OK else { throw error(in: result) }
            let tag = result.commandTag
            guard try nextResult(until: deadline) == nil else {
                throw broken(.protocolViolation, "a second result")
            }
            guard tag.lowercased() == command else {
                throw PostgresError(.transactionState, "\(command) was answered with \(tag)")
            }
        } catch {
            throw error.during(command)
        }
    }

    private func enqueue<S: Statement>(_ statement: S) throws(PostgresError) {
        parameters.removeAll()
        statement.encode(into: &parameters)
        let expected = prepared[ObjectIdentifier(S.self)] ?? []
        let agrees = expected.elementsEqual(parameters.types) {
            TypeIdentifier.accepts(expected: $0, sent: $1)
        }
        guard agrees else {
            // The server may have part of the batch already.
            mayCommit = false
            throw broken(
                .protocolViolation,
                "\(S.name) takes parameters of types \(expected), not \(parameters.types)")
        }
        let sent = parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(
                handle.pointer, S.name.pointer, Int32(parameters.count), values, lengths, formats,
                1)
        }
        guard sent == 1 else { throw lost() }
    }

    fileprivate func receiveResults<S: Statement>(
        of type: S.Type, _ index: inout Int, _ sent: UInt64,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Results<S.Row> {
        guard sent & (1 << UInt64(index)) != 0 else {
            index += 1
            return Results(rows: [], affectedCount: 0)
        }
        do throws(PostgresError) {
            guard let result = try nextResult(until: deadline) else {
                throw broken(.protocolViolation, "no result")
            }
            let results = try decode(result, as: type)
            guard try nextResult(until: deadline) == nil else {
                throw broken(.protocolViolation, "a second result")
            }
            index += 1
            return results
        } catch {
            throw error.during("\(S.name)", index: index)
        }
    }

    private func decode<S: Statement>(
        _ result: borrowing ResultHandle, as type: S.Type
    ) throws(PostgresError) -> Results<S.Row> {
        switch result.status {
        case PGRES_COMMAND_OK:
            return Results(rows: [], affectedCount: result.affectedCount)
        case PGRES_TUPLES_OK:
            let count = PQntuples(result.pointer)
            var rows: [S.Row] = []
            rows.reserveCapacity(Int(count))
            for row in 0..<count {
                var reader = RowReader(result, row: row)
                rows.append(try S.decode(&reader))
                try reader.checkEnd()
            }
            return Results(rows: rows, affectedCount: result.affectedCount)
        case PGRES_FATAL_ERROR:
            throw error(in: result)
        default:
            throw broken(.protocolViolation, "result status \(result.status.rawValue)")
        }
    }

    /// Reads the end of the batch, where the server commits.
    func receiveSync(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard let result = try nextResult(until: deadline) else {
            throw broken(.protocolViolation, "no sync")
        }
        guard result.status == PGRES_PIPELINE_SYNC else {
            // For example a constraint that is checked at the commit.
            throw error(in: result)
        }
        try checkDurability()
        outstanding = nil
        mayCommit = false
    }

    /// Reads and drops the server's results up to the end of the batch.
    func skipToSync(until deadline: ContinuousClock.Instant) {
        while outstanding != nil, !handle.isBad {
            do {
                let result = try nextResult(until: deadline)
                if let result, result.status == PGRES_PIPELINE_SYNC { outstanding = nil }
            } catch {
                // The first failure is thrown; this one only sets `isBroken`.
                outstanding = nil
            }
        }
        mayCommit = false
    }
}

extension StaticString {
    /// The text as a C string; the compiler ends literals with a zero byte.
    var pointer: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
