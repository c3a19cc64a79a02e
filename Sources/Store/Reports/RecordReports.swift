import Domain
import Postgres

/// Adds reports to the ledger, where a repetition changes nothing, and counts the new ones.
///
/// The rows must be distinct and ordered by their keys (see `WriteBatch`).
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
            from unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[],
                $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::integer[],
                $10::smallint[], $11::smallint[], $12::smallint[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
                $21::smallint[], $22::smallint[]
            ) as new (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes, part, parts)
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

/// The same for reports that are assumed to be new: a repetition fails on `report_pkey`.
///
/// `on conflict` looks every key up before it inserts it; without it a batch takes a third less of
/// the server's time. See `Optimism`. The `where` makes the reports come before the counts, as in
/// `RecordReports`: in different orders, two writers of one shard could wait for each other.
struct RecordNewReports: Statement {
    let reports: [WriteBatch.ReportRow]
    /// How many of them fall to each row of the tally, in the order of its key.
    let counts: [WriteBatch.Count]
    let shard: Int16

    static let name: StaticString = "record_new_reports"
    static let sql: StaticString = """
        with added as (
            insert into report (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes, part, parts)
            select message_id, fingerprint, precedence, outcome_id, callback_id, received_at,
                sent_at, done_at, segments, provider, status, source, price::numeric, currency,
                recipient, sender, bulk_id, callback_data, network, attributes::jsonb, part, parts
            from unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[],
                $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::integer[],
                $10::smallint[], $11::smallint[], $12::smallint[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
                $21::smallint[], $22::smallint[]
            ) as new (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes, part, parts)
            returning 1
        )
        insert into tally as counted (hour, outcome_id, status, provider, shard, reports)
        select hour, outcome_id, status, provider, $23::smallint, reports
        from unnest($24::timestamptz[], $25::bigint[], $26::smallint[], $27::smallint[], $28::bigint[])
            as new (hour, outcome_id, status, provider, reports)
        where (select count(*) from added) > 0
        on conflict (hour, provider, status, outcome_id, shard)
            do update set reports = counted.reports + excluded.reports
        """

    func encode(into parameters: inout StatementParameters) {
        ReportColumns.encode(reports, into: &parameters)
        parameters.add(shard)
        parameters.addTimestamps(counts) { $0.key.hour.microseconds }
        parameters.addInt64s(counts) { $0.key.outcome }
        parameters.addInt16s(counts) { $0.key.status }
        parameters.addInt16s(counts) { $0.key.provider }
        parameters.addInt64s(counts) { $0.reports }
    }
}
