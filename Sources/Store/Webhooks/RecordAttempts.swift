import Domain
import Postgres

/// Writes attempts and what follows for their deliveries. A delivery that is not waiting any more
/// stays as it is: another deliverer was faster.
struct RecordAttempts: Statement {
    let results: [WebhookResult]

    static let name: StaticString = "record_attempts"
    static let sql: StaticString = """
        with result as materialized (
            select number, attempt, at, milliseconds, status, problem, answer, state, due_at
            from unnest(
                $1::bigint[], $2::smallint[], $3::timestamptz[], $4::integer[], $5::smallint[],
                $6::text[], $7::text[], $8::smallint[], $9::timestamptz[]
            ) as new (
                number, attempt, at, milliseconds, status, problem, answer, state, due_at)
        ),
        moved as (
            update webhook_delivery as known set
                state = result.state, due_at = coalesce(result.due_at, known.due_at),
                attempts = result.attempt, attempted_at = result.at, answer = result.status
            from result
            where known.number = result.number and known.state = 1
        )
        insert into webhook_attempt (
            delivery, number, at, milliseconds, status, problem, answer)
        select number, attempt, at, milliseconds, status, problem, answer from result
        on conflict do nothing
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(results) { $0.number }
        parameters.addInt16s(results) { Int16(clamping: $0.attempt) }
        parameters.addTimestamps(results) { $0.at.microseconds }
        parameters.addInt32s(results) { Int32(clamping: Int64($0.took / .milliseconds(1))) }
        parameters.addInt16s(results) { $0.status.map { Int16(clamping: $0) } }
        parameters.addTexts(results) { $0.problem }
        parameters.addTexts(results) { $0.answer }
        parameters.addInt16s(results) { $0.next.state }
        parameters.addTimestamps(results) { $0.next.dueAt?.microseconds }
    }
}

extension WebhookResult.Next {
    fileprivate var state: Int16 {
        switch self {
        case .retry: 1
        case .delivered: 2
        case .givenUp: 3
        }
    }

    fileprivate var dueAt: Timestamp? {
        if case .retry(let at) = self { at } else { nil }
    }
}

/// Writes how webhooks are.
struct NoteWebhookHealth: Statement {
    let health: [(webhook: WebhookID, health: Webhook.Health)]

    static let name: StaticString = "note_webhook_health"
    static let sql: StaticString = """
        update webhook_health as known set
            failing_since = new.failing_since,
            succeeded_at = coalesce(new.succeeded_at, known.succeeded_at),
            failed_at = coalesce(new.failed_at, known.failed_at),
            failure = coalesce(left(new.failure, 500), known.failure)
        from unnest(
            $1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[]
        ) as new (webhook_id, failing_since, succeeded_at, failed_at, failure)
        where known.webhook_id = new.webhook_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(health) { $0.webhook.halves }
        parameters.addTimestamps(health) { $0.health.failingSince?.microseconds }
        parameters.addTimestamps(health) { $0.health.succeededAt?.microseconds }
        parameters.addTimestamps(health) { $0.health.failedAt?.microseconds }
        parameters.addTexts(health) { $0.health.failure }
    }
}
