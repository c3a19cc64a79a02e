package import Domain
package import Postgres

/// What is due, for each webhook by itself: that of one with a long queue costs the others nothing.
struct SelectDueDeliveries: Statement {
    let wanted: [(webhook: WebhookID, count: Int)]

    static let name: StaticString = "select_due_deliveries"
    static let sql: StaticString = """
        select wanted.id, due.number
        from unnest($1::uuid[], $2::integer[]) as wanted (id, count)
        cross join lateral (
            select number from webhook_delivery
            where webhook_id = wanted.id and state = 1 and due_at <= now()
            order by due_at, number
            limit wanted.count
        ) as due
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(wanted) { $0.webhook.halves }
        parameters.addInt32s(wanted) { Int32(clamping: $0.count) }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (webhook: WebhookID, number: Int64) {
        (try row.next(WebhookID.self), try row.next(Int64.self))
    }
}

/// Deliveries with all that their bodies are made of.
struct SelectDeliveries: Statement {
    let numbers: [Int64]

    static let name: StaticString = "select_deliveries"
    static let sql: StaticString = """
        select delivery.number, delivery.webhook_id, delivery.event_id, delivery.event_type,
            delivery.created_at, delivery.attempts,
            case when delivery.webhook_id = request.webhook_id then request.webhook_url end,
            delivery.data::text, delivery.message_id, delivery.sequence, delivery.status,
            delivery.cause, delivery.provider,
            message.provider_message_id, message.recipient, message.sender, message.country,
            request.id, request.callback_data, request.metadata, request.segments,
            report.sent_at, report.done_at, report.received_at, report.segments,
            report.price::text, report.currency, report.callback_data,
            outcome.id is not null, outcome.error_code, outcome.error_name,
            outcome.error_description, outcome.is_permanent, told.code, told.detail
        from webhook_delivery as delivery
        left join message on message.id = delivery.message_id
        left join send_request as request on request.id = message.send_request_id
        left join report on report.message_id = delivery.message_id
            and report.fingerprint = delivery.fingerprint and delivery.fingerprint <> 0
        left join outcome on outcome.id = delivery.outcome_id
        left join lateral (
            select code, detail from event
            where event.message_id = delivery.message_id and delivery.fingerprint = 0
                and event.precedence = delivery.precedence and event.code is not null
            order by event.number desc
            limit 1
        ) as told on true
        where delivery.number = any($1::bigint[]) and delivery.state = 1
        order by delivery.due_at, delivery.number
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(numbers) { $0 }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> WebhookDelivery {
        let number = try row.next(Int64.self)
        let webhook = try row.next(WebhookID.self)
        let event = try row.next(WebhookEventID.self)
        let type = try row.next(WebhookEventType.self)
        let occurredAt = try row.next(Timestamp.self)
        let attempts = try row.next(Int.self)
        let url = try row.next(String?.self)
        let data = try row.next(String?.self)
        let content: WebhookDelivery.Content
        if let data {
            row.skipRest()
            content = .other(data)
        } else {
            content = .status(try row.nextStatusFacts())
        }
        return WebhookDelivery(
            number: number, webhook: webhook, event: event, type: type, occurredAt: occurredAt,
            attempts: attempts, url: url, content: content)
    }
}

extension RowReader {
    fileprivate mutating func nextStatusFacts() throws(PostgresError) -> WebhookDelivery.StatusFacts
    {
        let message = try next(MessageID.self)
        let sequence = ChangeSequence(rawValue: try next(Int64.self))
        let status = try next(Status.self)
        let cause = try next(StatusChange.Cause.self)
        let provider = try next(Provider.self)
        var facts = WebhookDelivery.StatusFacts(
            change: StatusChange(
                message: message, sequence: sequence, status: status, cause: cause),
            provider: provider)
        facts.providerMessageID = try next(String?.self)
        facts.recipient = try next(String?.self)
        facts.sender = try next(String?.self)
        facts.country = try next(String?.self)
        facts.sendRequest = try next(SendRequestID?.self)
        let sendersData = try next(String?.self)
        facts.metadata = try next(String?.self)
        let counted = try next(Int?.self)
        facts.sentAt = try next(Timestamp?.self)
        facts.doneAt = try next(Timestamp?.self)
        facts.receivedAt = try next(Timestamp?.self)
        facts.segments = try next(Int?.self) ?? counted
        let amount = try next(String?.self)
        let currency = try next(String?.self)
        facts.price = amount.map { Report.Price(amount: $0, currency: currency) }
        facts.callbackData = try next(String?.self) ?? sendersData
        let hasOutcome = try next(Bool.self)
        let outcome = Outcome(
            provider: provider, errorCode: try next(String?.self),
            errorName: try next(String?.self),
            errorDescription: try next(String?.self), isPermanent: try next(Bool?.self))
        facts.outcome = hasOutcome ? outcome : nil
        facts.problem = try nextProblem()
        return facts
    }
}

extension WebhookEventType: ColumnValue {
    /// A `smallint`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        let code = try Int16(column)
        guard let type = Self(code: code) else {
            throw column.unreadable("there is no type of event \(code)")
        }
        self = type
    }
}
