import Domain
import Postgres

/// All reports about parts of messages, as far as the fold needs them.
struct SelectPartReports: Statement {
    let messages: [MessageID]

    /// A few on each of the parts of a full batch of messages; what is cut is not settled.
    static let limit: Int64 = 100_000

    static let name: StaticString = "select_part_reports"
    static let sql: StaticString = """
        select message_id, fingerprint, precedence, callback_id, received_at, sent_at, done_at,
            provider, status, part, parts
        from report
        where message_id = any($1::uuid[]) and part is not null
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.add(Self.limit)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> RecordedReport {
        let provider = try row.provider(7)
        let part = PartNumber(
            number: Int(try row.optionalInt16(9) ?? 0), total: Int(try row.optionalInt16(10) ?? 0))
        return RecordedReport(
            report: Report(
                message: try row.identifier(0), provider: provider, providerMessageID: "",
                status: try row.status(8), outcome: Outcome(provider: provider),
                sentAt: try row.optionalTimestamp(5).map(Timestamp.init(microseconds:)),
                doneAt: try row.optionalTimestamp(6).map(Timestamp.init(microseconds:)),
                part: part),
            receivedAt: Timestamp(microseconds: try row.timestamp(4)),
            callback: try row.identifier(3), precedence: Precedence(rawValue: try row.int64(2)),
            fingerprint: try row.int64(1))
    }
}

/// Moves messages to what their parts have come to.
///
/// The rows must be distinct and ordered by message.
struct SettleMessages: Statement {
    typealias Settled = (
        message: MessageID, status: Status, precedence: Precedence, tieBreaker: Int64
    )

    let settled: [Settled]

    static let name: StaticString = "settle_messages"
    static let sql: StaticString = """
        with known as materialized (
            select id from message where id = any($1::uuid[]) order by id for no key update
        )
        update message set
            precedence = new.precedence, fingerprint = new.fingerprint, status = new.status
        from known
        join unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[])
            as new (id, precedence, fingerprint, status) on new.id = known.id
        where message.id = known.id
            and (message.precedence, message.fingerprint) < (new.precedence, new.fingerprint)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(settled) { $0.message.halves }
        parameters.addInt64s(settled) { $0.precedence.rawValue }
        parameters.addInt64s(settled) { $0.tieBreaker }
        parameters.addInt16s(settled) { $0.status.code }
    }
}
