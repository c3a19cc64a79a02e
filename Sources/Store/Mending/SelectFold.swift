import Domain
import Postgres

/// A portion of the messages, in the order of their keys, with what a fold is compared with.
struct SelectFoldMessages: Statement {
    let after: MessageID?
    let limit: Int

    static let name: StaticString = "select_fold_messages"
    static let sql: StaticString = """
        select id, precedence, fingerprint, status, is_ours and send_request_id is not null,
            created_at
        from message
        where $1::uuid is null or id > $1
        order by id
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: after?.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> FoldMessage {
        FoldMessage(
            id: try row.next(MessageID.self), precedence: try row.next(Precedence.self),
            fingerprint: try row.next(Int64.self), status: try row.next(Status.self),
            isOurs: try row.next(Bool.self), createdAt: try row.next(Timestamp.self))
    }
}

/// What a message's row says of its status.
struct FoldMessage: Sendable {
    let id: MessageID
    let precedence: Precedence
    let fingerprint: Int64
    let status: Status
    let isOurs: Bool
    let createdAt: Timestamp
}

/// All reports of a portion of messages, with the columns that the fold needs; also of messages
/// between them that have no row.
struct SelectFoldReports: Statement {
    /// Nil from the first one on.
    let after: MessageID?
    /// Nil to the last one.
    let last: MessageID?

    /// A portion with as many is too large to be judged at once.
    static let limit = 100_000

    static let name: StaticString = "select_fold_reports"
    static let sql: StaticString = """
        select message_id, provider, status, sent_at, done_at, part, parts, received_at,
            callback_id, precedence, fingerprint, segments, price::text, currency
        from report
        where ($1::uuid is null or message_id > $1) and ($2::uuid is null or message_id <= $2)
        limit $3
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: after?.halves)
        parameters.add(uuid: last?.halves)
        parameters.add(Int64(Self.limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RecordedReport {
        try SelectPartReports.decode(&row)
    }
}

/// The events that give a portion of messages their statuses, the earliest first, and those of retries.
struct SelectFoldEvents: Statement {
    let messages: [MessageID]

    var isNeeded: Bool { !messages.isEmpty }

    static let name: StaticString = "select_fold_events"
    static let sql: StaticString = """
        select message_id, kind, precedence, status
        from event
        where message_id = any($1::uuid[]) and precedence is not null and status is not null
        order by message_id, number
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (message: MessageID, event: MessageFold.Event?) {
        let message = try row.next(MessageID.self)
        let kind = SendEvent.Kind(code: try row.next(Int16.self))
        let precedence = try row.next(Precedence.self)
        let status = try row.next(Status.self)
        return (
            message,
            kind.map { MessageFold.Event(kind: $0, precedence: precedence, status: status) }
        )
    }
}

/// About how many messages there are; nil before the table was analysed.
struct EstimateMessages: Statement {
    static let name: StaticString = "estimate_messages"
    static let sql: StaticString = """
        select nullif(reltuples, -1)::bigint from pg_class where oid = 'message'::regclass
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int? {
        try row.next(Int64?.self).map { Int($0) }
    }
}

/// The latest full hour before a moment that has messages, and of which all are kept.
struct SelectHourBefore: Statement {
    let time: Timestamp

    static let name: StaticString = "select_hour_before"
    static let sql: StaticString = """
        select date_trunc('hour', created_at, 'UTC') from message
        where created_at < $1 and created_at >= (select before from ledger_floor)
        order by created_at desc
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: time.microseconds)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp {
        try row.next(Timestamp.self)
    }
}
