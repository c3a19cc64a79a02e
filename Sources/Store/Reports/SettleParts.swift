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
            callback_id, precedence, fingerprint
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
        return RecordedReport(
            report: Report(
                message: message, provider: provider, providerMessageID: "",
                status: try row.next(Status.self), outcome: Outcome(provider: provider),
                sentAt: try row.next(Timestamp?.self), doneAt: try row.next(Timestamp?.self),
                part: try row.nextPart()),
            receivedAt: try row.next(Timestamp.self), callback: try row.next(CallbackID.self),
            precedence: try row.next(Precedence.self), fingerprint: try row.next(Int64.self))
    }
}

/// Moves messages to the combined status of their parts; outcome, segments and price are those of
/// the part that ended last.
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
                segments = coalesce(last.segments, message.segments),
                price = last.price,
                currency = last.currency,
                delay = new.delay
            from known
            join unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[], $5::smallint[], $6::bigint[],
                $7::smallint[]
            ) as new (id, precedence, fingerprint, status, cause, last_report, delay)
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
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}
