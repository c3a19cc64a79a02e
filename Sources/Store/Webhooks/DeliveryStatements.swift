import Domain
import Postgres

/// Deliveries before a number, the latest first.
struct SelectDeliveryRecords: Statement {
    let filter: DeliveryFilter
    let before: Int64?
    let limit: Int

    static let name: StaticString = "select_delivery_records"
    static let sql: StaticString = """
        select delivery.number, delivery.webhook_id, delivery.event_id, delivery.event_type,
            delivery.created_at, delivery.state, delivery.due_at, delivery.attempts,
            delivery.attempted_at, delivery.answer, delivery.message_id, delivery.status
        from webhook_delivery as delivery
        where ($1::uuid is null or delivery.webhook_id = $1)
            and ($2::smallint is null or delivery.state = $2)
            and ($3::smallint is null or delivery.event_type = $3)
            and ($4::uuid is null or delivery.message_id = $4)
            and ($5::timestamptz is null or delivery.created_at >= $5)
            and ($6::timestamptz is null or delivery.created_at < $6)
            and (cardinality($7::bigint[]) = 0 or delivery.number = any($7))
            and ($8::bigint is null or delivery.number < $8)
        order by delivery.number desc
        limit $9
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(before)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DeliveryRecord {
        DeliveryRecord(
            number: try row.next(Int64.self), webhook: try row.next(WebhookID.self),
            event: try row.next(WebhookEventID.self), type: try row.next(WebhookEventType.self),
            occurredAt: try row.next(Timestamp.self),
            state: DeliveryRecord.State(rawValue: try row.next(Int16.self)) ?? .waiting,
            dueAt: try row.next(Timestamp.self), attempts: try row.next(Int.self),
            attemptedAt: try row.next(Timestamp?.self), answer: try row.next(Int?.self),
            message: try row.next(MessageID?.self), status: try row.next(Status?.self))
    }
}

/// How many a filter finds behind a number, of webhooks that are not deleted; a bound ends the count.
struct CountDeliveries: Statement {
    let filter: DeliveryFilter
    let after: Int64
    let limit: Int

    static let name: StaticString = "count_deliveries"
    static let sql: StaticString = """
        select count(*) from (
            select from webhook_delivery as delivery
            where ($1::uuid is null or delivery.webhook_id = $1)
                and ($2::smallint is null or delivery.state = $2)
                and ($3::smallint is null or delivery.event_type = $3)
                and ($4::uuid is null or delivery.message_id = $4)
                and ($5::timestamptz is null or delivery.created_at >= $5)
                and ($6::timestamptz is null or delivery.created_at < $6)
                and (cardinality($7::bigint[]) = 0 or delivery.number = any($7))
                and delivery.number > $8
            limit $9
        ) as found
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(after)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Queues deliveries again; gives how many, and the last number.
struct ResendDeliveries: Statement {
    let filter: DeliveryFilter
    let after: Int64
    let limit: Int

    static let name: StaticString = "resend_deliveries"
    static let sql: StaticString = """
        with chosen as materialized (
            select delivery.number from webhook_delivery as delivery
            where ($1::uuid is null or delivery.webhook_id = $1)
                and ($2::smallint is null or delivery.state = $2)
                and ($3::smallint is null or delivery.event_type = $3)
                and ($4::uuid is null or delivery.message_id = $4)
                and ($5::timestamptz is null or delivery.created_at >= $5)
                and ($6::timestamptz is null or delivery.created_at < $6)
                and (cardinality($7::bigint[]) = 0 or delivery.number = any($7))
                and delivery.number > $8
                and exists (
                    select from webhook where webhook.id = delivery.webhook_id and state < 4)
            order by delivery.number
            limit $9
            for update of delivery
        ),
        moved as (
            update webhook_delivery set state = 1, attempts = 0, due_at = now()
            from chosen where webhook_delivery.number = chosen.number
            returning webhook_delivery.number
        )
        select count(*), coalesce(max(number), 0) from moved
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(after)
        parameters.add(Int64(limit))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (count: Int, last: Int64) {
        (try row.next(Int.self), try row.next(Int64.self))
    }
}

/// The attempts of a delivery, the latest first.
struct SelectDeliveryAttempts: Statement {
    let delivery: Int64
    let limit: Int

    static let name: StaticString = "select_delivery_attempts"
    static let sql: StaticString = """
        select number, at, milliseconds, status, problem, answer
        from webhook_attempt
        where delivery = $1
        order by at desc
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(delivery)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DeliveryAttempt {
        DeliveryAttempt(
            number: try row.next(Int.self), at: try row.next(Timestamp.self),
            milliseconds: try row.next(Int.self), status: try row.next(Int?.self),
            problem: try row.next(String?.self), answer: try row.next(String?.self))
    }
}

/// How many deliveries wait for each of some webhooks, up to a bound.
struct CountWaitingDeliveries: Statement {
    let webhooks: [WebhookID]
    let limit: Int

    static let name: StaticString = "count_waiting_deliveries"
    static let sql: StaticString = """
        select listed.id, (
            select count(*) from (
                select from webhook_delivery
                where webhook_id = listed.id and state = 1
                limit $2
            ) as waiting)
        from unnest($1::uuid[]) as listed (id)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(webhooks) { $0.halves }
        parameters.add(Int64(limit))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (webhook: WebhookID, count: Int) {
        (try row.next(WebhookID.self), try row.next(Int.self))
    }
}

extension DeliveryFilter {
    /// The parameters 1 to 7 of these statements.
    fileprivate func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: webhook?.halves)
        parameters.add(state?.rawValue)
        parameters.add(type?.code)
        parameters.add(uuid: message?.halves)
        parameters.add(timestamp: since?.microseconds)
        parameters.add(timestamp: until?.microseconds)
        // Empty for any.
        parameters.addInt64s(numbers ?? []) { $0 }
    }
}
