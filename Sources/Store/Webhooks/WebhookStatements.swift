import Domain
import Postgres

/// A webhook, or all of them, without the deleted ones; the latest first.
struct SelectWebhooks: Statement {
    let id: WebhookID?

    static let name: StaticString = "select_webhooks"
    static let sql: StaticString = """
        select webhook.id, webhook.created_at, webhook.updated_at, webhook.state, webhook.origin,
            webhook.url, webhook.description, array_to_string(webhook.event_types, ','),
            array_to_string(webhook.statuses, ','), webhook.is_final_only,
            array_to_string(webhook.providers, ','), array_to_string(webhook.countries, ','),
            array_to_string(webhook.submitters, ','), array_to_string(webhook.send_requests, ','),
            webhook.metadata::text, webhook.rate, webhook.concurrency,
            (select string_agg(key || ' ' || value, E'\\n' order by key)
                from jsonb_each_text(webhook.headers)),
            webhook.has_numbers, webhook.disabled_at, webhook.disabled_reason,
            health.failing_since, health.succeeded_at, health.failed_at, health.failure
        from webhook
        left join webhook_health as health on health.webhook_id = webhook.id
        where ($1::uuid is null or webhook.id = $1) and webhook.state < 4
        order by webhook.id desc
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id?.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Webhook {
        let id = try row.next(WebhookID.self)
        let createdAt = try row.next(Timestamp.self)
        let updatedAt = try row.next(Timestamp.self)
        let state = Webhook.State(rawValue: try row.next(Int16.self)) ?? .disabled
        let origin = Webhook.Origin(rawValue: try row.next(Int16.self)) ?? .made
        let url = try row.next(String.self)
        let description = try row.next(String.self)
        let events = try row.nextList { Int16($0).flatMap(WebhookEventType.init(code:)) } ?? []
        var draft = WebhookDraft(url: url, events: events)
        draft.description = description
        let statuses = try row.nextList { Int16($0).flatMap(Status.init(code:)) }
        let isFinalOnly = try row.next(Bool.self)
        draft.filter.isFinalOnly = isFinalOnly
        // What is stored is what passes.
        draft.filter.statuses =
            isFinalOnly && statuses == Status.allCases.filter(\.isFinal) ? nil : statuses
        draft.filter.providers = try row.nextList {
            Int16($0).map(KnownProviders.provider(code:))
        }
        draft.filter.countries = try row.nextList { String($0) }
        draft.filter.submitters = try row.nextList { Identifier<Principal>($0) }
        draft.filter.sendRequests = try row.nextList { SendRequestID($0) }
        draft.filter.metadata = try row.next(String?.self)
        draft.rate = try row.next(Int?.self)
        draft.concurrency = try row.next(Int.self)
        for line in (try row.next(String?.self) ?? "").split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            draft.headers[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        draft.hasNumbers = try row.next(Bool.self)
        let disabledAt = try row.next(Timestamp?.self)
        let disabledReason = try row.next(String?.self)
        return Webhook(
            id: id, createdAt: createdAt, updatedAt: updatedAt, state: state, origin: origin,
            draft: draft, disabledAt: disabledAt, disabledReason: disabledReason,
            health: Webhook.Health(
                failingSince: try row.next(Timestamp?.self),
                succeededAt: try row.next(Timestamp?.self),
                failedAt: try row.next(Timestamp?.self), failure: try row.next(String?.self)))
    }
}

extension RowReader {
    /// The elements of an array as a text with commas; nil where it is NULL.
    fileprivate mutating func nextList<Value>(
        _ read: (Substring) -> Value?
    ) throws(PostgresError) -> [Value]? {
        guard let text = try next(String?.self) else { return nil }
        return text.split(separator: ",").compactMap(read)
    }
}

/// Adds a webhook with its row of health, unless there are too many; gives a row if it did.
struct InsertWebhook: Statement {
    let id: WebhookID
    let draft: WebhookDraft
    var origin = Webhook.Origin.made

    static let name: StaticString = "insert_webhook"
    static let sql: StaticString = """
        with made as (
            insert into webhook (
                id, url, description, event_types, statuses, is_final_only, providers, countries,
                submitters, send_requests, metadata, rate, concurrency, headers, has_numbers, origin)
            select $1, $2, $3, $4::smallint[], nullif($5::smallint[], '{}'), $6, nullif($7::smallint[], '{}'), nullif($8::text[], '{}'),
                nullif($9::uuid[], '{}'), nullif($10::uuid[], '{}'), $11::text::jsonb, $12, $13,
                jsonb_object($14::text[], $15::text[]), $16, $17
            where (select count(*) from webhook where state < 4) < $18
            returning id
        )
        insert into webhook_health (webhook_id) select id from made
        returning true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        draft.encode(into: &parameters)
        parameters.add(origin.rawValue)
        parameters.add(Int64(webhookLimit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// Replaces what somebody decides, if the webhook is still as it was read; gives a row if it did.
struct UpdateWebhook: Statement {
    let webhook: Webhook
    let draft: WebhookDraft

    static let name: StaticString = "update_webhook"
    static let sql: StaticString = """
        update webhook set
            url = $2, description = $3, event_types = $4::smallint[], statuses = nullif($5::smallint[], '{}'),
            is_final_only = $6, providers = nullif($7::smallint[], '{}'), countries = nullif($8::text[], '{}'),
            submitters = nullif($9::uuid[], '{}'), send_requests = nullif($10::uuid[], '{}'), metadata = $11::text::jsonb,
            rate = $12, concurrency = $13, headers = jsonb_object($14::text[], $15::text[]),
            has_numbers = $16, updated_at = now()
        where id = $1 and updated_at = $17 and state < 4
        returning true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook.id.halves)
        draft.encode(into: &parameters)
        parameters.add(timestamp: webhook.updatedAt.microseconds)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

extension WebhookDraft {
    /// The parameters 2 to 16 of these statements.
    fileprivate func encode(into parameters: inout StatementParameters) {
        parameters.add(url)
        parameters.add(description)
        parameters.addInt16s(events) { $0.code }
        // Empty for all.
        parameters.addInt16s(filter.passing ?? []) { $0.code }
        parameters.add(filter.isFinalOnly)
        parameters.addInt16s(filter.providers ?? []) { $0.code }
        parameters.addTexts(filter.countries ?? []) { $0 }
        parameters.addUUIDs(filter.submitters ?? []) { $0.halves }
        parameters.addUUIDs(filter.sendRequests ?? []) { $0.halves }
        parameters.add(filter.metadata)
        parameters.add(rate.map { Int32(clamping: $0) })
        parameters.add(Int16(clamping: concurrency))
        let headers = headers.sorted { $0.key < $1.key }
        parameters.addTexts(headers) { $0.key }
        parameters.addTexts(headers) { $0.value }
        parameters.add(hasNumbers)
    }
}

/// Moves a webhook from one of some states to another; gives a row if it did.
struct SetWebhookState: Statement {
    let id: WebhookID
    let from: [Webhook.State]
    let to: Webhook.State

    static let name: StaticString = "set_webhook_state"
    static let sql: StaticString = """
        with moved as (
            update webhook set
                state = $3, disabled_at = null, disabled_reason = null, updated_at = now()
            where id = $1 and state = any($2::smallint[])
            returning id
        ),
        forgiven as (
            update webhook_health set failing_since = null
            from moved where webhook_health.webhook_id = moved.id
        )
        select true from moved
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.addInt16s(from) { $0.rawValue }
        parameters.add(to.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// Holds a webhook until the end of the transaction; no row if there is none.
struct LockWebhook: Statement {
    let id: WebhookID

    static let name: StaticString = "lock_webhook"
    static let sql: StaticString = """
        select true from webhook where id = $1 and state < 4 for update
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

struct InsertWebhookSecret: Statement {
    let webhook: WebhookID
    let secret: WebhookSecret

    static let name: StaticString = "insert_webhook_secret"
    static let sql: StaticString = """
        insert into webhook_secret (webhook_id, created_at, kind, secret)
        values ($1, clock_timestamp(), $2, $3)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook.halves)
        parameters.add(secret.kind.rawValue)
        parameters.add(bytes: secret.bytes)
    }
}

/// Lets a webhook's secrets end; none is prolonged.
struct ExpireWebhookSecrets: Statement {
    let webhook: WebhookID
    let seconds: Int32

    static let name: StaticString = "expire_webhook_secrets"
    static let sql: StaticString = """
        update webhook_secret set expires_at = now() + make_interval(secs => $2::integer)
        where webhook_id = $1
            and (expires_at is null or expires_at > now() + make_interval(secs => $2::integer))
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook.halves)
        parameters.add(seconds)
    }
}

/// Queues an event for one webhook; gives the delivery's number.
struct InsertTestDelivery: Statement {
    let webhook: WebhookID

    static let name: StaticString = "insert_test_delivery"
    static let sql: StaticString = """
        insert into webhook_delivery (created_at, due_at, webhook_id, event_id, event_type, data)
        select now(), now(), id, gen_random_uuid(), $2, jsonb_build_object('webhook_id', id)
        from webhook
        where id = $1 and state < 4
        returning number
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook.halves)
        parameters.add(WebhookEventType.test.code)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}
