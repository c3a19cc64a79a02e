import Domain
import Postgres

/// Enqueues events for all webhooks that want them, in the transaction that it is a part of; without
/// webhooks it does nothing. It gives one row: how many deliveries were enqueued.
///
/// For changes of statuses a trigger of `status_change` does the same.
struct EnqueueWebhookEvents: Statement {
    let events: [WebhookEvent]

    static let name: StaticString = "enqueue_webhook_events"
    static let sql: StaticString = """
        select coalesce(sum(enqueue_webhook(type, data::jsonb, numbers::jsonb, provider, country)), 0)
        from unnest($1::smallint[], $2::text[], $3::text[], $4::smallint[], $5::text[])
            as event (type, data, numbers, provider, country)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt16s(events) { $0.type.code }
        parameters.addTexts(events) { $0.data }
        parameters.addTexts(events) { $0.numbers }
        parameters.addInt16s(events) { $0.provider?.code }
        parameters.addTexts(events) { $0.country }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

extension Connection {
    /// Enqueues events in the transaction that is open on the connection.
    ///
    /// - Returns: how many deliveries that makes.
    @discardableResult
    func enqueue(_ events: [WebhookEvent]) throws(PostgresError) -> Int {
        guard !events.isEmpty else { return 0 }
        return Int(try execute(EnqueueWebhookEvents(events: events)).first ?? 0)
    }
}
