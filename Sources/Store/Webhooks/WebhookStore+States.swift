package import Domain
import Postgres

extension WebhookStore: WebhookProbe {
    private static let waitingCountBound = 10_000

    package func webhookStates() throws(StoreFailure) -> WebhookStates {
        let row = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectWebhookStates(bound: Self.waitingCountBound)
            ).1.first
        }
        return WebhookStates(
            active: row?.active ?? 0, paused: row?.paused ?? 0, disabled: row?.disabled ?? 0,
            failing: row?.failing ?? 0,
            waiting: BoundedCount(found: row?.waiting ?? 0, bound: Self.waitingCountBound),
            oldestDue: row?.oldestDueSeconds.map { .seconds($0) })
    }
}
