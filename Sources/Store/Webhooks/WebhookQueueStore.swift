package import Domain
package import Postgres
package import Telemetry

/// The deliverers' side of the queue in the database.
package struct WebhookQueueStore: WebhookQueue {
    private let queries: Queries
    private let settings: ConnectionSettings

    /// - Parameters:
    ///   - pool: a connection for each thread that calls.
    ///   - settings: of the connection that holds the registration.
    ///   - logger: gets failed queries.
    package init(_ pool: ConnectionPool, settings: ConnectionSettings, logger: Logger) {
        queries = Queries(pool, logger)
        self.settings = settings
    }

    package func register() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool) {
        do throws(PostgresError) {
            let registration = try Registration(settings, kind: LockNumber.deliverers)
            return (registration.number, { registration.holds() })
        } catch {
            throw StoreFailure(error.isTransient ? .unavailable : .failed, error.description)
        }
    }

    package func take(
        as number: Int32
    ) throws(StoreFailure) -> (targets: [WebhookTarget], share: Int) {
        try queries.run { connection throws(PostgresError) in
            let (_, share) = try connection.execute(CommitLazily(), TakeWebhooks(number: number))
            // Only now it sees what was taken.
            let (targets, secrets) = try connection.execute(
                SelectWebhookTargets(deliverer: number), SelectTargetSecrets(deliverer: number))
            let byWebhook = Dictionary(grouping: secrets.rows, by: \.webhook)
            return (
                targets.rows.map { target in
                    var target = target
                    target.secrets = (byWebhook[target.id] ?? []).map(\.secret)
                    return target
                }, share.first ?? 0
            )
        }
    }

    package func release(
        _ webhooks: [WebhookID]?, by number: Int32
    ) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(
                CommitLazily(), ReleaseWebhooks(webhooks: webhooks, number: number))
        }
    }

    package func due(
        _ wanted: [(webhook: WebhookID, count: Int)]
    ) throws(StoreFailure) -> [(webhook: WebhookID, number: Int64)] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(PlanAnew(), SelectDueDeliveries(wanted: wanted)).1.rows
        }
    }

    package func deliveries(_ numbers: [Int64]) throws(StoreFailure) -> [WebhookDelivery] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(PlanAnew(), SelectDeliveries(numbers: numbers)).1.rows
        }
    }

    /// Nothing waits for the disk: what is lost with the server is sent again.
    package func record(
        _ results: [WebhookResult], health: [WebhookID: Webhook.Health]
    ) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(
                CommitLazily(), PlanAnew(), RecordAttempts(results: results),
                NoteWebhookHealth(
                    health: health.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }))
        }
    }

    package func disable(
        _ webhook: WebhookID, reason: String
    ) throws(StoreFailure) -> Bool {
        try queries.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                let disabled = try connection.execute(
                    DisableWebhook(webhook: webhook, reason: reason))
                guard disabled.first != nil else { return false }
                try connection.execute(
                    InsertAuditEntry(
                        entry: AuditEntry(
                            .disableWebhook, of: webhook, from: .none, at: .now,
                            detail: ["reason": reason], before: ["state": "active"],
                            after: ["state": "disabled"])))
                return true
            }
        }
    }
}
