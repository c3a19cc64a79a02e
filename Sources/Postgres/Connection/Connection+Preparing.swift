import CPostgres

extension Connection {
    /// Prepares a statement, if this connection has not yet.
    ///
    /// Using a statement prepares it; call this only to check one against a schema.
    /// - Parameter type: the statement.
    /// - Throws: the server's error for the statement.
    package func prepare<S: Statement>(_ type: S.Type) throws(PostgresError) {
        try checkUsable()
        try prepare(type, until: .now + settings.responseTimeout)
    }

    /// Prepares a statement and reads its parameters' types, in one round trip.
    ///
    /// The types are compared with those sent: the server would read any eight bytes as a
    /// timestamp, a double or an integer.
    func prepare<S: Statement>(
        _ type: S.Type, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let key = ObjectIdentifier(type)
        guard prepared[key] == nil else { return }
        noteSent(mayCommit: false, isCancellable: true, until: deadline)
        batchCount += 1
        outstanding = batchCount
        do throws(PostgresError) {
            let name = S.name.pointer
            guard PQsendPrepare(handle.pointer, name, S.sql.pointer, 0, nil) == 1,
                PQsendDescribePrepared(handle.pointer, name) == 1
            else { throw lost() }
            try sendSync()
            _ = try receiveParameterTypes(until: deadline)
            let types = try receiveParameterTypes(until: deadline)
            try receiveSync(until: deadline)
            prepared[key] = types
        } catch {
            skipToSync(until: deadline)
            throw error.during("\(S.name)")
        }
    }

    private func receiveParameterTypes(
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> [UInt32] {
        guard let result = try nextResult(until: deadline) else {
            throw broken(.protocolViolation, "no result")
        }
        guard result.status == PGRES_COMMAND_OK else { throw error(in: result) }
        let types = (0..<PQnparams(result.pointer)).map { PQparamtype(result.pointer, $0) }
        guard try nextResult(until: deadline) == nil else {
            throw broken(.protocolViolation, "a second result")
        }
        return types
    }
}
