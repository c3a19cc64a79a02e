package import Domain
package import Postgres
package import Telemetry

/// Queues messages in the database.
package struct SendQueue: MessageQueue {
    private let queries: Queries
    private let commits: Queries
    private let feed: ChangeFeed

    /// Each call takes a connection of the pool for a few round trips.
    ///
    /// - Parameters:
    ///   - pool: where to write.
    ///   - feed: gets the messages that were queued or cancelled.
    ///   - logger: gets failed queries.
    package init(_ pool: ConnectionPool, feed: ChangeFeed, logger: Logger) {
        self.feed = feed
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func accept(
        _ sendRequest: SendRequest, _ idempotency: Idempotency?
    ) throws(StoreFailure) -> Acceptance {
        // Runs once more if the connection was stale: if the first run was committed after all, the
        // send request's id, or the key, is then found.
        try commits.run { connection throws(PostgresError) in
            let blocked = try Self.blocked(sendRequest, on: connection)
            if !blocked.isEmpty {
                return try Self.refuse(blocked, idempotency, on: connection)
            }
            let webhook = try Self.webhook(of: sendRequest, connection)
            guard let idempotency else {
                let (accepted, _) = try connection.execute(
                    AcceptSendRequest(sendRequest: sendRequest, webhook: webhook),
                    InsertSendEntry(sendRequest: sendRequest))
                // It exists already, but perhaps on no standby yet.
                if accepted.rows.isEmpty { try connection.execute(WaitForStandby()) }
                feed.publish(accepted.first ?? [])
                return .queued
            }
            var queued: [StatusChange] = []
            let acceptance = try connection.transaction {
                () throws(PostgresError) -> Acceptance in
                let claim = ClaimKey(idempotency: idempotency, now: sendRequest.acceptedAt)
                guard try connection.execute(claim).rows.isEmpty else {
                    let (accepted, _) = try connection.execute(
                        AcceptSendRequest(sendRequest: sendRequest, webhook: webhook),
                        InsertSendEntry(sendRequest: sendRequest))
                    queued = accepted.first ?? []
                    return .queued
                }
                let known = try connection.execute(SelectKey(idempotency: idempotency)).first
                // Without a row it was deleted just now; a key that is repeated exactly a day later
                // may be refused.
                guard let known, known.digest == idempotency.digest else { return .keyTaken }
                // The answer is promised again, so its data must be durable by now.
                try connection.execute(WaitForStandby())
                return .repeated(known.answer)
            }
            feed.publish(queued)
            return acceptance
        }
    }

    /// The recipients who have opted out, each with the entry that holds. Who opts out while this
    /// is being queued is found again before it is sent.
    private static func blocked(
        _ sendRequest: SendRequest, on connection: Connection
    ) throws(PostgresError) -> [PhoneNumber: OptOutEntry] {
        guard !sendRequest.ignoresOptOut else { return [:] }
        let numbers = sendRequest.recipients.map(\.number)
        let entries = try connection.execute(
            SelectOptOutsOf(numbers: numbers.map(\.description))
        ).rows
        guard !entries.isEmpty else { return [:] }
        let byNumber = Dictionary(grouping: entries, by: \.recipient)
        var blocked: [PhoneNumber: OptOutEntry] = [:]
        for number in numbers {
            guard let entries = byNumber[number.description] else { continue }
            blocked[number] = OptOutStanding.block(for: sendRequest.sender, among: entries)
        }
        return blocked
    }

    /// What was answered before is answered again, whoever has opted out since.
    private static func refuse(
        _ blocked: [PhoneNumber: OptOutEntry], _ idempotency: Idempotency?,
        on connection: Connection
    ) throws(PostgresError) -> Acceptance {
        guard let idempotency,
            let known = try connection.execute(SelectKey(idempotency: idempotency)).first
        else { return .optedOut(blocked) }
        guard known.digest == idempotency.digest else { return .keyTaken }
        try connection.execute(WaitForStandby())
        return .repeated(known.answer)
    }

    /// The webhook of the host that a send request names; nil if it names none.
    private static func webhook(
        of sendRequest: SendRequest, _ connection: Connection
    ) throws(PostgresError) -> WebhookID? {
        guard let webhook = sendRequest.webhook else { return nil }
        let ensure = EnsureMessageWebhook(webhook: webhook)
        if let id = try connection.execute(ensure).first { return id }
        return try connection.execute(ensure).first
    }

    package func keep(_ answers: [KeptAnswer]) throws(StoreFailure) {
        try commits.run { connection throws(PostgresError) in
            _ = try connection.execute(PlanAnew(), KeepAnswers(answers: answers))
        }
    }

    package func cancel(
        _ id: MessageID, at now: Timestamp, by requester: Requester
    ) throws(StoreFailure) -> Cancellation {
        let event = SendEvent(
            message: id, kind: .cancelled, at: now, provider: nil, attempt: nil,
            status: .cancelled)
        let entry = AuditEntry(.cancelMessage, of: id, by: requester, at: now)
        return try commits.run { connection throws(PostgresError) in
            let (outcome, changes) = try connection.transaction { () throws(PostgresError) in
                // A cancellation that exists already may also be promised only once it is
                // durable.
                let (_, _, cancelled, statuses) = try connection.execute(
                    PlanAnew(), WaitForStandby(), CancelMessage(event: event),
                    SelectOwnStatus(id: id))
                if cancelled.first != nil { try connection.execute(InsertAuditEntry(entry: entry)) }
                let status = statuses.first.map { Cancellation.tooLate($0) }
                return (status ?? .unknown, cancelled.first)
            }
            guard let changes else { return outcome }
            feed.publish(changes)
            return .cancelled
        }
    }

    package func states(
        of ids: [MessageID]
    ) throws(StoreFailure) -> [MessageID: SendState] {
        let rows = try queries.run { connection throws(PostgresError) in
            try connection.execute(PlanAnew(), SelectSendStates(ids: ids)).1.rows
        }
        return Dictionary(rows.map { ($0.id, $0.state) }) { first, _ in first }
    }
}
