import Domain
import Postgres

/// Gives the webhook of a host that messages name, and makes it if no message has named it before.
struct EnsureMessageWebhook: Statement {
    let webhook: MessageWebhook

    static let name: StaticString = "ensure_message_webhook"
    // Of one that is made at the same moment there is no row: then run it again.
    static let sql: StaticString = """
        with known as (
            select id from webhook where origin = 2 and state < 4 and url = $2
        ),
        made as (
            insert into webhook (id, origin, url, event_types, concurrency)
            select $1, 2, $2, array[$3::smallint], $4
            where not exists (select from known)
            on conflict do nothing
            returning id
        ),
        watched as (
            insert into webhook_health (webhook_id) select id from made
        ),
        signed as (
            insert into webhook_secret (webhook_id, kind, secret)
            select id, $5, $6 from made
        )
        select id from known union all select id from made
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: WebhookID.new(at: .now).halves)
        parameters.add(webhook.url.origin)
        parameters.add(WebhookEventType.statusChanged.code)
        parameters.add(Int16(clamping: WebhookDraft.usualConcurrency))
        parameters.add(webhook.secret.kind.rawValue)
        parameters.add(bytes: webhook.secret.bytes)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> WebhookID {
        try row.next(WebhookID.self)
    }
}
