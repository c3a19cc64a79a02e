package import Domain
import Postgres

extension OutboxStore {
    package func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer {
        // A failure before the commit leaves nothing behind, so the body may run again.
        let outcome = try queries.run { connection throws(PostgresError) in
            try unsent.putBack(on: connection)
            return try Self.leaseOnce(request, on: connection)
        }
        switch outcome {
        case .known(let answer): return answer
        case .unknown(let leases, let error):
            unsent.add(leases)
            // While it waits for a standby, no other statement should wait for its rows.
            queries.noteCommitDoubt()
            // At once, so that the messages are leased in the next turn; or later, when the
            // database is reachable.
            try? queries.run { connection throws(PostgresError) in
                try unsent.putBack(on: connection)
            }
            throw StoreFailure(.unavailable, error.description)
        }
    }

    enum LeaseOutcome: Sendable {
        case known(LeaseAnswer)
        /// The commit got no answer. Its leases are not used: their messages are not sent.
        case unknown([Lease], PostgresError)
    }

    /// Leases in three round trips, or two if nothing is due: one opens the transaction and locks
    /// the due rows, one reads the texts, one marks and commits. A rate, messages of other
    /// providers and messages that are sent apart while no other waits cost one or two more.
    ///
    /// The marked rows are locked from the first round trip on, so that a commit without an answer
    /// holds them until it is decided.
    static func leaseOnce(
        _ request: LeaseRequest, on connection: Connection
    ) throws(PostgresError) -> LeaseOutcome {
        var leases: [Lease]?
        do throws(PostgresError) {
            return try connection.pipelinedTransaction { () throws(PostgresError) in
                var round = LeaseRound(request)
                try round.select(on: connection)
                let answer = round.makeAnswer()
                let nextTurn = round.nextTurn
                leases = answer.leases
                let (_, _, _, _, next) = try connection.commit(
                    after: MarkReported(messages: round.reported),
                    MarkLeased(
                        leases: answer.leases, provider: request.provider,
                        dispatcher: request.dispatcher, duration: request.duration),
                    SpendAllowance(
                        provider: request.provider,
                        messages: request.rate == nil ? 0 : round.count),
                    NoteReroutes(messages: round.rerouted, provider: request.provider),
                    SelectNextDue(
                        provider: request.provider, others: request.insteadOf,
                        isNeeded: nextTurn == .whenDue))
                return .known(
                    LeaseAnswer(
                        leases: answer.leases, nextAt: nextTurn.time ?? next.first ?? nil,
                        beganAt: answer.beganAt))
            }
        } catch {
            guard error.isOutcomeUnknown, let leases else { throw error }
            return .unknown(leases, error)
        }
    }
}
