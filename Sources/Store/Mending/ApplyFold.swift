import Domain
import Postgres

/// Gives messages the status that their ledger says, unless their rows have changed meanwhile; outcome,
/// segments and price are those of the report that decides, or what the parts add up to.
///
/// The rows must be distinct and ordered by message.
struct ApplyFold: Statement {
    typealias Folded = (message: FoldMessage, fold: MessageFold)

    let folded: [Folded]

    var isNeeded: Bool { !folded.isEmpty }

    static let name: StaticString = "apply_fold"
    static let sql: StaticString = """
        with known as materialized (
            select id, precedence, fingerprint, status from message
            where id = any($1::uuid[])
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = new.precedence, fingerprint = new.fingerprint, status = new.status,
                outcome_id = winner.outcome_id, delay = new.delay,
                segments = coalesce(
                    case when new.is_of_parts then new.segments else winner.segments end,
                    message.segments),
                price = case when new.is_of_parts then new.price::numeric else winner.price end,
                currency = case when new.is_of_parts then new.currency else winner.currency end
            from known
            join unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::smallint[],
                $7::bigint[], $8::bigint[], $9::smallint[], $11::boolean[], $12::integer[],
                $13::text[], $14::text[]
            ) as new (
                id, precedence, fingerprint, status, winner, delay, old_precedence,
                old_fingerprint, old_status, is_of_parts, segments, price, currency)
                on new.id = known.id
            left join report as winner
                on winner.message_id = new.id and winner.fingerprint = new.winner
            where message.id = known.id and known.precedence = new.old_precedence
                and known.fingerprint = new.old_fingerprint and known.status = new.old_status
            returning message.id, message.status, known.status as old_status
        ),
        noted as (
            insert into status_change (block, noted_at, messages, statuses, causes)
            select take_change_block(), now(), array_agg(id), array_agg(status),
                array_agg($10::smallint)
            from moved
            where status <> old_status
            having count(*) > 0
        )
        select count(*) from moved
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(folded) { $0.message.id.halves }
        parameters.addInt64s(folded) { $0.fold.precedence.rawValue }
        parameters.addInt64s(folded) { $0.fold.fingerprint }
        parameters.addInt16s(folded) { $0.fold.status.code }
        parameters.addInt64s(folded) { $0.fold.winner }
        parameters.addInt16s(folded) { $0.fold.delay?.rawValue }
        parameters.addInt64s(folded) { $0.message.precedence.rawValue }
        parameters.addInt64s(folded) { $0.message.fingerprint }
        parameters.addInt16s(folded) { $0.message.status.code }
        parameters.add(StatusChange.Cause.event.rawValue)
        parameters.addBools(folded) { $0.fold.parts != nil }
        parameters.addInt32s(folded) { $0.fold.parts?.segments }
        parameters.addTexts(folded) { $0.fold.parts?.price?.amount }
        parameters.addTexts(folded) { $0.fold.parts?.price?.currency }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Writes the precedences that reports have by today's rules.
struct UpdatePrecedences: Statement {
    let reports: [RecordedReport]

    var isNeeded: Bool { !reports.isEmpty }

    static let name: StaticString = "update_precedences"
    static let sql: StaticString = """
        update report set precedence = new.precedence
        from unnest($1::uuid[], $2::bigint[], $3::bigint[])
            as new (message_id, fingerprint, precedence)
        where report.message_id = new.message_id and report.fingerprint = new.fingerprint
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.report.message.halves }
        parameters.addInt64s(reports) { $0.fingerprint }
        parameters.addInt64s(reports) { $0.report.precedence.rawValue }
    }
}

/// Compares the tally with the ledger, from the hour on from which all of it is kept; corrects it if
/// told so.
///
/// One statement sees both as of one moment, so that the difference holds for any later one. It reads
/// the whole ledger once, without keeping any writer waiting.
struct RecountTally: Statement {
    static let name: StaticString = "recount_tally"
    static let sql: StaticString = """
        with counted as (
            select date_trunc('hour', received_at, 'UTC') as hour, provider, status, outcome_id,
                count(*) as reports
            from report
            where received_at >= (select before from ledger_floor)
            group by 1, 2, 3, 4
        ),
        kept as (
            select hour, provider, status, outcome_id, sum(reports) as reports
            from tally
            where hour >= (select before from ledger_floor)
            group by 1, 2, 3, 4
        ),
        difference as materialized (
            select hour, provider, status, outcome_id,
                (coalesce(counted.reports, 0) - coalesce(kept.reports, 0))::bigint as reports
            from counted
            full join kept using (hour, provider, status, outcome_id)
            where coalesce(counted.reports, 0) <> coalesce(kept.reports, 0)
        ),
        corrected as (
            insert into tally as known (hour, provider, status, outcome_id, shard, reports)
            select hour, provider, status, outcome_id, 0, reports from difference where $1
            order by hour, provider, status, outcome_id
            on conflict (hour, provider, status, outcome_id, shard)
                do update set reports = known.reports + excluded.reports
        )
        select count(*), coalesce(sum(abs(reports)), 0)::bigint, min(hour), max(hour) from difference
        """

    let repairs: Bool

    func encode(into parameters: inout StatementParameters) {
        parameters.add(repairs)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> TallyDifference {
        TallyDifference(
            rows: try row.next(Int.self), reports: try row.next(Int.self),
            first: try row.next(Timestamp?.self), last: try row.next(Timestamp?.self))
    }
}
