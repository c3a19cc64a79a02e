import Domain
import Postgres

/// How webhooks are, all together; deliveries are counted up to a bound.
struct SelectWebhookStates: Statement {
    let bound: Int

    static let name: StaticString = "select_webhook_states"
    static let sql: StaticString = """
        select count(*) filter (where state = 1), count(*) filter (where state = 2),
            count(*) filter (where state = 3),
            count(*) filter (where state = 1 and failing_since is not null),
            (select count(*) from (
                select from webhook_delivery where state = 1 limit $1) as waiting),
            (select extract(epoch from now() - min(first.due_at))::bigint
                from webhook as sent
                cross join lateral (
                    select due_at from webhook_delivery
                    where webhook_id = sent.id and webhook_delivery.state = 1 and due_at <= now()
                    order by due_at
                    limit 1
                ) as first
                where sent.state = 1)
        from webhook
        left join webhook_health on webhook_health.webhook_id = webhook.id
        where state < 4
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(bound) + 1)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            active: try row.next(Int.self), paused: try row.next(Int.self),
            disabled: try row.next(Int.self), failing: try row.next(Int.self),
            waiting: try row.next(Int.self), oldestDueSeconds: try row.next(Int64?.self))
    }

    struct Row: Sendable {
        let active: Int
        let paused: Int
        let disabled: Int
        let failing: Int
        let waiting: Int
        let oldestDueSeconds: Int64?
    }
}
