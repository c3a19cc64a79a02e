import Domain
import Postgres

/// Adds reports to the ledger, where a repetition changes nothing, and counts the new ones.
///
/// The rows must be distinct and ordered by their keys (see `WriteBatch`). `unnest` stands in a select
/// list, where PostgreSQL hands the elements on one by one; in `from` it stores all elements of each
/// array before it joins them, which takes three times as long.
struct RecordReports: Statement {
    let reports: [WriteBatch.ReportRow]
    /// The writer's own rows of the tally.
    let shard: Int16

    static let name: StaticString = "record_reports"
    static let sql: StaticString = """
        with added as (
            insert into report (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes, part, parts)
            select message_id, fingerprint, precedence, outcome_id, callback_id, received_at,
                sent_at, done_at, segments, provider, status, source, price::numeric, currency,
                recipient, sender, bulk_id, callback_data, network, attributes::jsonb, part, parts
            from (
                select unnest($1::uuid[]) as message_id, unnest($2::bigint[]) as fingerprint,
                    unnest($3::bigint[]) as precedence, unnest($4::bigint[]) as outcome_id,
                    unnest($5::uuid[]) as callback_id, unnest($6::timestamptz[]) as received_at,
                    unnest($7::timestamptz[]) as sent_at, unnest($8::timestamptz[]) as done_at,
                    unnest($9::integer[]) as segments, unnest($10::smallint[]) as provider,
                    unnest($11::smallint[]) as status, unnest($12::smallint[]) as source,
                    unnest($13::text[]) as price, unnest($14::text[]) as currency,
                    unnest($15::text[]) as recipient, unnest($16::text[]) as sender,
                    unnest($17::text[]) as bulk_id, unnest($18::text[]) as callback_data,
                    unnest($19::text[]) as network, unnest($20::text[]) as attributes,
                    unnest($21::smallint[]) as part, unnest($22::smallint[]) as parts
            ) as new
            on conflict (message_id, fingerprint) do nothing
            returning received_at, outcome_id, status, provider
        )
        insert into tally as counted (hour, outcome_id, status, provider, shard, reports)
        select date_trunc('hour', received_at, 'UTC'), outcome_id, status, provider, $23::smallint, count(*)
        from added
        group by 1, 2, 3, 4
        order by 1, 4, 3, 2
        on conflict (hour, provider, status, outcome_id, shard)
            do update set reports = counted.reports + excluded.reports
        """

    func encode(into parameters: inout StatementParameters) {
        ReportColumns.encode(reports, into: &parameters)
        parameters.add(shard)
    }
}

/// Adds reports that are assumed to be new: a repetition fails on `report_pkey`. `TallyReports` follows.
///
/// `on conflict` looks every key up before it inserts it; without it a batch takes a third less of
/// the server's time. See `Optimism`.
struct RecordNewReports: Statement {
    let reports: [WriteBatch.ReportRow]

    static let name: StaticString = "record_new_reports"
    static let sql: StaticString = """
        insert into report (
            message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
            done_at, segments, provider, status, source, price, currency, recipient, sender,
            bulk_id, callback_data, network, attributes, part, parts)
        select message_id, fingerprint, precedence, outcome_id, callback_id, received_at,
            sent_at, done_at, segments, provider, status, source, price::numeric, currency,
            recipient, sender, bulk_id, callback_data, network, attributes::jsonb, part, parts
        from (
            select unnest($1::uuid[]) as message_id, unnest($2::bigint[]) as fingerprint,
                unnest($3::bigint[]) as precedence, unnest($4::bigint[]) as outcome_id,
                unnest($5::uuid[]) as callback_id, unnest($6::timestamptz[]) as received_at,
                unnest($7::timestamptz[]) as sent_at, unnest($8::timestamptz[]) as done_at,
                unnest($9::integer[]) as segments, unnest($10::smallint[]) as provider,
                unnest($11::smallint[]) as status, unnest($12::smallint[]) as source,
                unnest($13::text[]) as price, unnest($14::text[]) as currency,
                unnest($15::text[]) as recipient, unnest($16::text[]) as sender,
                unnest($17::text[]) as bulk_id, unnest($18::text[]) as callback_data,
                unnest($19::text[]) as network, unnest($20::text[]) as attributes,
                unnest($21::smallint[]) as part, unnest($22::smallint[]) as parts
        ) as new
        """

    func encode(into parameters: inout StatementParameters) {
        ReportColumns.encode(reports, into: &parameters)
    }
}

/// Counts reports that were new.
///
/// A statement of its own: the rows that it needs from the one before would take a fortieth of the
/// batch's time. It comes after the reports, as in `RecordReports`: in different orders, two writers of
/// one shard could wait for each other.
struct TallyReports: Statement {
    /// How many fall to each row of the tally, in the order of its key.
    let counts: [WriteBatch.Count]
    /// The writer's own rows of the tally.
    let shard: Int16

    static let name: StaticString = "tally_reports"
    static let sql: StaticString = """
        insert into tally as counted (hour, outcome_id, status, provider, shard, reports)
        select hour, outcome_id, status, provider, $1::smallint, reports
        from unnest($2::timestamptz[], $3::bigint[], $4::smallint[], $5::smallint[], $6::bigint[])
            as new (hour, outcome_id, status, provider, reports)
        on conflict (hour, provider, status, outcome_id, shard)
            do update set reports = counted.reports + excluded.reports
        """

    var isNeeded: Bool { !counts.isEmpty }

    func encode(into parameters: inout StatementParameters) {
        parameters.add(shard)
        parameters.addTimestamps(counts) { $0.key.hour.microseconds }
        parameters.addInt64s(counts) { $0.key.outcome }
        parameters.addInt16s(counts) { $0.key.status }
        parameters.addInt16s(counts) { $0.key.provider }
        parameters.addInt64s(counts) { $0.reports }
    }
}
