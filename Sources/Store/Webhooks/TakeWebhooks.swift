import Domain
import Postgres

/// Takes webhooks that no living deliverer has, up to an even share; gives the share.
struct TakeWebhooks: Statement {
    let number: Int32

    static let name: StaticString = "take_webhooks"
    static let sql: StaticString = """
        with living as materialized (
            select objid::bigint::integer as number from pg_locks
            where locktype = 'advisory' and granted and classid = $2::integer::oid and objsubid = 2
                and database = (select oid from pg_database where datname = current_database())
        ),
        active as materialized (
            select health.webhook_id, health.deliverer
            from webhook_health as health
            join webhook on webhook.id = health.webhook_id
            where webhook.state = 1
        ),
        share as materialized (
            select (count(*) + others.count - 1) / others.count as size
            from active, (select greatest(count(*), 1) as count from living) as others
            group by others.count
        ),
        free as materialized (
            select webhook_id from webhook_health
            where webhook_id in (
                    select webhook_id from active
                    where deliverer is null or deliverer not in (select number from living))
                and (deliverer is null or deliverer not in (select number from living))
            order by webhook_id
            limit greatest(0, (select size from share)
                - (select count(*) from active where deliverer = $1))
            for update skip locked
        ),
        taken as (
            update webhook_health set deliverer = $1
            from free where webhook_health.webhook_id = free.webhook_id
        )
        select size from share
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(LockNumber.deliverers)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Gives webhooks back, or all of a deliverer.
struct ReleaseWebhooks: Statement {
    let webhooks: [WebhookID]?
    let number: Int32

    static let name: StaticString = "release_webhooks"
    static let sql: StaticString = """
        update webhook_health set deliverer = null
        where deliverer = $1 and ($2 or webhook_id = any($3::uuid[]))
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(webhooks == nil)
        parameters.addUUIDs(webhooks ?? []) { $0.halves }
    }
}

/// The active webhooks of a deliverer.
struct SelectWebhookTargets: Statement {
    let deliverer: Int32

    static let name: StaticString = "select_webhook_targets"
    static let sql: StaticString = """
        select webhook.id, webhook.origin, webhook.url, webhook.rate, webhook.concurrency,
            webhook.headers::text, webhook.has_numbers, health.failing_since
        from webhook_health as health
        join webhook on webhook.id = health.webhook_id
        where health.deliverer = $1 and webhook.state = 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(deliverer)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> WebhookTarget {
        WebhookTarget(
            id: try row.next(WebhookID.self),
            origin: Webhook.Origin(rawValue: try row.next(Int16.self)) ?? .made,
            url: try row.next(String.self), rate: try row.next(Int?.self),
            concurrency: try row.next(Int.self), headers: try row.next(String.self),
            hasNumbers: try row.next(Bool.self), failingSince: try row.next(Timestamp?.self))
    }
}

/// The secrets that count now of a deliverer's webhooks, the latest first.
struct SelectTargetSecrets: Statement {
    let deliverer: Int32

    static let name: StaticString = "select_target_secrets"
    static let sql: StaticString = """
        select secret.webhook_id, secret.kind, secret.secret
        from webhook_health as health
        join webhook_secret as secret using (webhook_id)
        where health.deliverer = $1 and (secret.expires_at is null or secret.expires_at > now())
        order by secret.created_at desc
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(deliverer)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (webhook: WebhookID, secret: WebhookSecret) {
        let webhook = try row.next(WebhookID.self)
        let kind = WebhookSecret.Kind(rawValue: try row.next(Int16.self)) ?? .shared
        return (webhook, WebhookSecret(kind, try row.next([UInt8].self)))
    }
}

/// Disables an active webhook, and tells the others.
struct DisableWebhook: Statement {
    let webhook: WebhookID
    let reason: String

    static let name: StaticString = "disable_webhook"
    static let sql: StaticString = """
        with disabled as (
            update webhook set
                state = 3, disabled_at = now(), disabled_reason = left($2, 500), updated_at = now()
            where id = $1 and state = 1
            returning id, url, description, disabled_at, disabled_reason
        )
        select enqueue_webhook(
            $3, jsonb_build_object(
                'id', id, 'url', url, 'description', description, 'reason', disabled_reason,
                'disabled_at', to_char(
                    disabled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
            '{}', null, null, id)
        from disabled
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook.halves)
        parameters.add(reason)
        parameters.add(WebhookEventType.webhookDisabled.code)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}
