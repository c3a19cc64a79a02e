import Domain
import Postgres

/// Our messages to a number that wait in the queue and no dispatcher has.
struct SelectQueuedTo: Statement {
    let number: String
    let limit: Int

    static let name: StaticString = "select_queued_to"
    static let sql: StaticString = """
        select message_id from outbox where recipient = $1 and state = 1 order by message_id limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}

/// Takes a number out of a portion of its messages, and of all that hangs on them. Messages that are
/// being sent just now are left.
///
/// Rows of messages and reports stay, without the number and whatever somebody wrote: so counts stay
/// right, and a repeated callback is still known.
struct EraseMessages: Statement {
    let number: String
    let limit: Int

    static let name: StaticString = "erase_messages"
    static let sql: StaticString = """
        with chosen as materialized (
            select id, send_request_id from message
            where recipient = $1 and not exists (
                select from outbox where outbox.message_id = message.id and state = 2)
            limit $2
        ),
        unqueued as (
            delete from outbox using chosen
            where outbox.message_id = chosen.id and outbox.state <> 2
            returning 1
        ),
        unburied as (
            delete from dead_letter using chosen where dead_letter.message_id = chosen.id
            returning 1
        ),
        silenced as (
            update event set detail = null
            from chosen
            where event.message_id = chosen.id and detail is not null
        ),
        blanked as (
            update report set recipient = null, callback_data = null, attributes = null
            from chosen
            where report.message_id = chosen.id
            returning 1
        ),
        held as materialized (
            select id from message
            where id in (select id from chosen) and (select count(*) from unqueued) >= 0
            order by id
            for no key update
        ),
        erased as (
            update message set recipient = null
            from held
            where message.id = held.id
            returning 1
        )
        select (select count(*) from erased), (select count(*) from blanked),
            (select count(*) from unqueued), (select count(*) from unburied),
            (select array_agg(distinct send_request_id) from chosen where send_request_id is not null)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ErasedPortion {
        ErasedPortion(
            messages: try row.next(Int.self), reports: try row.next(Int.self),
            queued: try row.next(Int.self), deadLetters: try row.next(Int.self),
            sendRequests: try row.next(SendRequestList?.self)?.ids ?? [])
    }
}

/// What a portion had.
struct ErasedPortion: Sendable {
    let messages: Int
    let reports: Int
    let queued: Int
    let deadLetters: Int
    /// Whose messages they were.
    let sendRequests: [SendRequestID]
}

/// A `uuid[]` of send requests.
struct SendRequestList: ColumnValue {
    let ids: [SendRequestID]

    init(_ column: borrowing Column) throws(PostgresError) {
        ids = try column.uuids().map { SendRequestID(high: $0.high, low: $0.low) }
    }
}

/// Empties those of some send requests whose messages all have no number any more: text, callback data,
/// metadata and its search terms.
struct EmptySendRequests: Statement {
    let ids: [SendRequestID]

    var isNeeded: Bool { !ids.isEmpty }

    static let name: StaticString = "empty_send_requests"
    static let sql: StaticString = """
        with emptied as (
            update send_request set body = '', callback_data = null, metadata = null
            where id = any($1::uuid[]) and not exists (
                select from message
                where message.id between
                        (left(send_request.id::text, 13) || '-0000-0000-000000000000')::uuid
                        and (left(send_request.id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid
                    and message.send_request_id = send_request.id
                    and message.recipient is not null)
            returning id
        ),
        unindexed as (
            delete from send_request_term
            where send_request_id in (select id from emptied)
        )
        select count(*) from emptied
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Deletes the messages from a number, and takes it out of the opt-outs: what holds there goes on to
/// hold, since a later send compares digests, and nobody can read the number any more.
struct EraseInbound: Statement {
    let number: String

    static let name: StaticString = "erase_inbound"
    static let sql: StaticString = """
        with gone as (
            delete from inbound where sender = $1 returning 1
        ),
        hidden as (
            update opt_out set
                recipient = '#' || encode(sha256(convert_to($1, 'UTF8')), 'hex'),
                inbound_id = null, message_id = null, callback_id = null, detail = null
            where recipient = $1
        )
        select count(*) from gone
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// How many messages to a number are left, because they are being sent just now.
struct CountMessagesTo: Statement {
    let number: String

    static let name: StaticString = "count_messages_to"
    static let sql: StaticString = "select count(*) from message where recipient = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Deletes the quarantine's rows and the kept answers that hold a number's digits.
struct EraseTexts: Statement {
    let digits: String

    static let name: StaticString = "erase_texts"
    static let sql: StaticString = """
        with digits as (select $1::text as text, convert_to($1, 'UTF8') as bytes),
        released as (
            delete from quarantine using digits
            where position(digits.bytes in excerpt) > 0 or position(digits.text in uri) > 0
                or position(digits.text in credentials) > 0
            returning 1
        ),
        forgotten as (
            delete from idempotency_key using digits where position(digits.bytes in answer) > 0
        )
        select count(*) from released
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(digits)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Takes a number's digits out of what webhooks are told and have answered. Changes of statuses hold
/// none: their bodies are made of the messages' rows.
struct EraseDeliveries: Statement {
    let digits: String

    static let name: StaticString = "erase_deliveries"
    static let sql: StaticString = """
        with told as (
            update webhook_delivery set data = (
                select jsonb_object_agg(
                    key, case when key not like '%id' and position($1 in value::text) > 0
                        then 'null' else value end)
                from jsonb_each(data))
            where position($1 in data::text) > 0
            returning 1
        ),
        answered as (
            update webhook_attempt set answer = null where position($1 in answer) > 0
        )
        select count(*) from told
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(digits)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Deletes the archived callbacks of a time span that hold a number's digits; the reports that they
/// brought stay in the ledger.
struct EraseCallbacks: Statement {
    let digits: String
    let span: Range<Timestamp>

    static let name: StaticString = "erase_callbacks"
    static let sql: StaticString = """
        delete from callback
        where received_at >= $1 and received_at < $2
            and (position(convert_to($3, 'UTF8') in body) > 0 or position($3::text in uri) > 0)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: span.lowerBound.microseconds)
        parameters.add(timestamp: span.upperBound.microseconds)
        parameters.add(digits)
    }
}

/// The day of the archive's oldest partition; nil if it has none.
struct SelectOldestPartition: Statement {
    static let name: StaticString = "select_oldest_partition"
    static let sql: StaticString = """
        select min(to_date(substr(child.relname, 10), 'YYYYMMDD'))::timestamp at time zone 'UTC'
        from pg_inherits
        join pg_class as child on child.oid = inhrelid
        where inhparent = 'callback'::regclass and child.relname ~ '^callback_[0-9]{8}$'
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp? {
        try row.next(Timestamp?.self)
    }
}
