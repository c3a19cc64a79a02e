import Domain
import Postgres

/// Moves messages to the status of their new deciding report, and adds unknown messages.
///
/// The rows must be distinct and ordered by message. SQL only compares two pairs of numbers to
/// decide precedence.
///
/// A report that does not decide may have come before all others or after them, so it moves the
/// times; and it gives a name to a message without one. The result is the same in any order.
/// `is_key_derived` is about the provider's id: once false it stays false, so the index may have a
/// superfluous row but never misses one.
///
/// Changed statuses are recorded last: see `take_change_block()`. An upsert cannot return the old
/// row, so it marks the rows that it changes with its transaction.
///
/// What it adds, it counts itself; what it updates, a trigger does, which sees the old rows. They are
/// told apart by `xmax`: an upsert locks the row before it updates it, and the new version carries
/// that lock. Of a row that is only inserted it is 0.
struct UpsertMessageStatus: Statement {
    let decisive: [WriteBatch.ReportRow]
    /// One for each of them.
    var arrivals: [WriteBatch.Arrivals] = []

    static let name: StaticString = "upsert_message_status"
    static let sql: StaticString = """
        with moved as (
            insert into message as known (
                id, precedence, fingerprint, created_at, updated_at, provider, status,
                provider_message_id, is_key_derived, recipient, sender, changed_in, outcome_id, country,
                segments, delay, currency, price)
            select id, precedence, fingerprint, first_at, last_at, provider, status,
                provider_message_id, is_key_derived, recipient, sender, pg_current_xact_id(),
                outcome_id, country, segments, delay, currency, price::numeric
            from (
                select unnest($1::uuid[]) as id, unnest($2::bigint[]) as precedence,
                    unnest($3::bigint[]) as fingerprint, unnest($4::timestamptz[]) as first_at,
                    unnest($5::timestamptz[]) as last_at, unnest($6::smallint[]) as provider,
                    unnest($7::smallint[]) as status, unnest($8::text[]) as provider_message_id,
                    unnest($9::boolean[]) as is_key_derived, unnest($10::text[]) as recipient,
                    unnest($11::text[]) as sender, unnest($12::bigint[]) as outcome_id,
                    unnest($13::text[]) as country, unnest($14::integer[]) as segments,
                    unnest($15::smallint[]) as delay, unnest($16::text[]) as currency,
                    unnest($17::text[]) as price
            ) as new
            on conflict (id) do update set
                precedence = greatest(known.precedence, excluded.precedence),
                fingerprint = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.fingerprint else known.fingerprint end,
                created_at = least(known.created_at, excluded.created_at),
                updated_at = greatest(known.updated_at, excluded.updated_at),
                provider = case
                    when not known.is_ours and (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.provider else known.provider end,
                status = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.status else known.status end,
                provider_message_id = case
                    when known.provider_message_id is null or (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.provider_message_id else known.provider_message_id end,
                is_key_derived = known.is_key_derived and excluded.is_key_derived,
                recipient = case
                    when not known.is_ours and (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.recipient else known.recipient end,
                sender = case
                    when not known.is_ours and (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.sender else known.sender end,
                country = case
                    when not known.is_ours and (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.country else known.country end,
                outcome_id = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.outcome_id else known.outcome_id end,
                segments = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then coalesce(excluded.segments, case when known.is_ours then (
                        select request.segments from send_request as request
                        where request.id = known.send_request_id) end)
                    else known.segments end,
                delay = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.delay else known.delay end,
                currency = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.currency else known.currency end,
                price = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                    then excluded.price else known.price end,
                changed_in = case
                    when (known.precedence, known.fingerprint)
                        < (excluded.precedence, excluded.fingerprint)
                        and known.status <> excluded.status
                    then excluded.changed_in else known.changed_in end
            where (known.precedence, known.fingerprint) < (excluded.precedence, excluded.fingerprint)
                or excluded.created_at < known.created_at or excluded.updated_at > known.updated_at
                or known.provider_message_id is null
                or known.is_key_derived and not excluded.is_key_derived
            returning id, status, changed_in = pg_current_xact_id() as is_changed, xmax = 0 as is_new,
                created_at, provider, outcome_id, country, sender, segments, delay, currency, price
        ),
        counted as (
            insert into statistic_change (
                hours, providers, statuses, outcomes, countries, senders, submitters, segments,
                delays, currencies, prices, messages)
            select array_agg(date_trunc('hour', created_at, 'UTC')), array_agg(provider),
                array_agg(status), array_agg(outcome_id), array_agg(country),
                array_agg(left(sender, 100)), array_agg(null::uuid), array_agg(segments),
                array_agg(delay), array_agg(currency), array_agg(price), array_agg(1::bigint)
            from moved
            where is_new
            having count(*) > 0
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        select take_change_block(), now(), array_agg(id), array_agg(status), array_agg(cause)
        from moved
        join unnest($1, $18::smallint[]) as report (id, cause) using (id)
        where is_changed
        having count(*) > 0
        returning block, messages, statuses, causes
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addMessages(decisive, arrivals)
        parameters.addInt16s(decisive) { $0.report.source.cause.rawValue }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}

/// Adds messages that are assumed to be unknown: a known one fails on `message_pkey`.
/// `NoteNewMessages` follows.
struct AddNewMessages: Statement {
    let decisive: [WriteBatch.ReportRow]
    let arrivals: [WriteBatch.Arrivals]

    static let name: StaticString = "add_new_messages"
    static let sql: StaticString = """
        insert into message (
            id, precedence, fingerprint, created_at, updated_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender, outcome_id, country, segments,
            delay, currency, price)
        select id, precedence, fingerprint, first_at, last_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender, outcome_id, country, segments,
            delay, currency, price::numeric
        from (
            select unnest($1::uuid[]) as id, unnest($2::bigint[]) as precedence,
                unnest($3::bigint[]) as fingerprint, unnest($4::timestamptz[]) as first_at,
                unnest($5::timestamptz[]) as last_at, unnest($6::smallint[]) as provider,
                unnest($7::smallint[]) as status, unnest($8::text[]) as provider_message_id,
                unnest($9::boolean[]) as is_key_derived, unnest($10::text[]) as recipient,
                unnest($11::text[]) as sender, unnest($12::bigint[]) as outcome_id,
                unnest($13::text[]) as country, unnest($14::integer[]) as segments,
                unnest($15::smallint[]) as delay, unnest($16::text[]) as currency,
                unnest($17::text[]) as price
        ) as new
        """

    var isNeeded: Bool { !decisive.isEmpty }

    func encode(into parameters: inout StatementParameters) {
        parameters.addMessages(decisive, arrivals)
    }
}

/// Records that new messages have a status, and counts them. Each of them is a change.
///
/// A statement after the one that adds them, which holds their rows by then: see
/// `take_change_block()`.
struct NoteNewMessages: Statement {
    let decisive: [WriteBatch.ReportRow]
    /// What they add to the counts.
    let counts: [MessageCount]

    static let name: StaticString = "note_new_messages"
    static let sql: StaticString = """
        with counted as (
            insert into statistic_change (
                hours, providers, statuses, outcomes, countries, senders, submitters, segments,
                delays, currencies, prices, messages)
            values ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text[]::numeric[], $15)
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        values (take_change_block(), now(), $1, $2, $3)
        returning block
        """

    var isNeeded: Bool { !decisive.isEmpty }

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(decisive) { $0.report.message.halves }
        parameters.addInt16s(decisive) { $0.report.messageStatus.code }
        parameters.addInt16s(decisive) { $0.report.source.cause.rawValue }
        parameters.addCounts(counts)
    }

    /// The block of numbers.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

extension StatementParameters {
    fileprivate mutating func addMessages(
        _ decisive: [WriteBatch.ReportRow], _ arrivals: [WriteBatch.Arrivals]
    ) {
        addUUIDs(decisive) { $0.report.message.halves }
        addInt64s(decisive) { $0.report.precedence.rawValue }
        addInt64s(decisive) { $0.report.fingerprint }
        addTimestamps(arrivals) { $0.first.microseconds }
        addTimestamps(arrivals) { $0.last.microseconds }
        addInt16s(decisive) { $0.report.provider.code }
        addInt16s(decisive) { $0.report.messageStatus.code }
        addTexts(decisive) { $0.report.providerMessageID }
        addBools(decisive) { $0.report.isKeyDerived }
        addTexts(decisive) { $0.report.recipient }
        emptyIfAllNull()
        addTexts(decisive) { $0.report.sender }
        emptyIfAllNull()
        addInt64s(decisive) { $0.report.outcome.id }
        addTexts(decisive) { $0.country?.description }
        emptyIfAllNull()
        addInt32s(decisive) { $0.report.segments }
        emptyIfAllNull()
        addInt16s(decisive) { $0.delay?.rawValue }
        emptyIfAllNull()
        addTexts(decisive) { $0.report.price?.currency }
        emptyIfAllNull()
        addTexts(decisive) { $0.report.price?.amount }
        emptyIfAllNull()
    }
}
