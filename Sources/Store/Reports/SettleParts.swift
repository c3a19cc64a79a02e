import Domain
import Postgres

/// All reports about parts of messages, with the columns that the fold needs.
struct SelectPartReports: Statement {
    let messages: [MessageID]

    /// A few for each of the parts of a full batch of messages; beyond it messages are not settled.
    static let limit: Int64 = 100_000

    static let name: StaticString = "select_part_reports"
    static let sql: StaticString = """
        select message_id, provider, status, sent_at, done_at, part, parts, received_at,
            callback_id, precedence, fingerprint, segments, price::text, currency
        from report
        where message_id = any($1::uuid[]) and part is not null
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.add(Self.limit)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RecordedReport {
        let message = try row.next(MessageID.self)
        let provider = try row.next(Provider.self)
        let status = try row.next(Status.self)
        let sentAt = try row.next(Timestamp?.self)
        let doneAt = try row.next(Timestamp?.self)
        let part = try row.nextPart()
        let receivedAt = try row.next(Timestamp.self)
        let callback = try row.next(CallbackID.self)
        let precedence = try row.next(Precedence.self)
        let fingerprint = try row.next(Int64.self)
        return RecordedReport(
            report: Report(
                message: message, provider: provider, providerMessageID: "", status: status,
                outcome: Outcome(provider: provider), sentAt: sentAt, doneAt: doneAt,
                segments: try row.next(Int32?.self), price: try row.nextPrice(), part: part),
            receivedAt: receivedAt, callback: callback, precedence: precedence,
            fingerprint: fingerprint)
    }
}

/// Moves messages to the combined status of their parts; the outcome is that of the part that ended last,
/// segments and price are what all parts add up to.
///
/// The rows must be distinct and ordered by message.
struct SettleMessages: Statement {
    typealias Settled = (
        message: MessageID, settlement: MessageParts.Settlement, cause: StatusChange.Cause
    )

    let settled: [Settled]

    static let name: StaticString = "settle_messages"
    static let sql: StaticString = """
        with known as materialized (
            select id, status from message
            where id = any($1::uuid[])
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = new.precedence, fingerprint = new.fingerprint, status = new.status,
                outcome_id = last.outcome_id,
                segments = coalesce(new.segments, message.segments),
                price = new.price::numeric,
                currency = new.currency,
                delay = new.delay
            from known
            join unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[], $5::smallint[], $6::bigint[],
                $7::smallint[], $8::integer[], $9::text[], $10::text[]
            ) as new (
                id, precedence, fingerprint, status, cause, last_report, delay, segments, price,
                currency)
                on new.id = known.id
            join report as last
                on last.message_id = new.id and last.fingerprint = new.last_report
            where message.id = known.id
                and (message.precedence, message.fingerprint) < (new.precedence, new.fingerprint)
            returning message.id, message.status, known.status as old_status, new.cause
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        select take_change_block(), now(), array_agg(id), array_agg(status), array_agg(cause)
        from moved
        where status <> old_status
        having count(*) > 0
        returning block, messages, statuses, causes
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(settled) { $0.message.halves }
        parameters.addInt64s(settled) { $0.settlement.precedence.rawValue }
        parameters.addInt64s(settled) { $0.settlement.tieBreaker }
        parameters.addInt16s(settled) { $0.settlement.status.code }
        parameters.addInt16s(settled) { $0.cause.rawValue }
        parameters.addInt64s(settled) { $0.settlement.lastReport }
        parameters.addInt16s(settled) { $0.settlement.delay?.rawValue }
        parameters.addInt32s(settled) { $0.settlement.segments }
        parameters.addTexts(settled) { $0.settlement.price?.amount }
        parameters.addTexts(settled) { $0.settlement.price?.currency }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}
