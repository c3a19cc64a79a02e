import Domain
import Postgres

/// Adds reports to the ledger, moves their messages' statuses, and counts what is new.
///
/// One statement, so one round trip and one snapshot. The rows must be distinct and ordered by
/// their keys (see `WriteBatch`). A repetition is a no-op; the `where` is all that SQL knows of
/// precedence.
struct RecordReports: Statement {
    let reports: [WriteBatch.ReportRow]
    let decisive: [WriteBatch.ReportRow]
    /// The writer's own rows of the tally.
    let shard: Int16

    static let name: StaticString = "record_reports"
    static let sql: StaticString = """
        with added as (
            insert into report (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes)
            select message_id, fingerprint, precedence, outcome_id, callback_id, received_at,
                sent_at, done_at, segments, provider, status, source, price::numeric, currency,
                recipient, sender, bulk_id, callback_data, network, attributes::jsonb
            from unnest(
                $1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[],
                $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::integer[],
                $10::smallint[], $11::smallint[], $12::smallint[], $13::text[], $14::text[],
                $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[]
            ) as new (
                message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at,
                done_at, segments, provider, status, source, price, currency, recipient, sender,
                bulk_id, callback_data, network, attributes)
            on conflict (message_id, fingerprint) do nothing
            returning received_at, outcome_id, status, provider
        ), moved as (
            insert into message as known (
                id, precedence, fingerprint, created_at, updated_at, provider, status,
                provider_message_id, recipient, sender)
            select id, precedence, fingerprint, received_at, received_at, provider, status,
                provider_message_id, recipient, sender
            from unnest(
                $21::uuid[], $22::bigint[], $23::bigint[], $24::timestamptz[], $25::smallint[],
                $26::smallint[], $27::text[], $28::text[], $29::text[]
            ) as new (
                id, precedence, fingerprint, received_at, provider, status, provider_message_id,
                recipient, sender)
            on conflict (id) do update set
                precedence = excluded.precedence,
                fingerprint = excluded.fingerprint,
                updated_at = excluded.updated_at,
                status = excluded.status,
                provider_message_id = excluded.provider_message_id,
                recipient = case when known.is_ours then known.recipient else excluded.recipient end,
                sender = case when known.is_ours then known.sender else excluded.sender end
            where (known.precedence, known.fingerprint)
                < (excluded.precedence, excluded.fingerprint)
        )
        insert into tally as counted (hour, outcome_id, status, provider, shard, reports)
        select date_trunc('hour', received_at), outcome_id, status, provider, $30::smallint, count(*)
        from added
        group by 1, 2, 3, 4
        order by 1, 4, 3, 2
        on conflict (hour, provider, status, outcome_id, shard)
            do update set reports = counted.reports + excluded.reports
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.report.message.halves }
        parameters.addInt64s(reports) { $0.report.fingerprint }
        parameters.addInt64s(reports) { $0.report.precedence.rawValue }
        parameters.addInt64s(reports) { $0.report.outcome.id }
        parameters.addUUIDs(reports) { $0.callback.halves }
        parameters.addTimestamps(reports) { $0.receivedAt.microseconds }
        parameters.addTimestamps(reports) { $0.report.sentAt?.microseconds }
        parameters.addTimestamps(reports) { $0.report.doneAt?.microseconds }
        parameters.addInt32s(reports) { $0.report.segments }
        parameters.addInt16s(reports) { $0.report.provider.code }
        parameters.addInt16s(reports) { $0.report.status.code }
        parameters.addInt16s(reports) { $0.report.source.rawValue }
        parameters.addTexts(reports) { $0.report.price?.amount }
        parameters.addTexts(reports) { $0.report.price?.currency }
        parameters.addTexts(reports) { $0.report.recipient }
        parameters.addTexts(reports) { $0.report.sender }
        parameters.addTexts(reports) { $0.report.bulkID }
        parameters.addTexts(reports) { $0.report.callbackData }
        parameters.addTexts(reports) { $0.report.network }
        parameters.addTexts(reports) { $0.report.attributes }

        parameters.addUUIDs(decisive) { $0.report.message.halves }
        parameters.addInt64s(decisive) { $0.report.precedence.rawValue }
        parameters.addInt64s(decisive) { $0.report.fingerprint }
        parameters.addTimestamps(decisive) { $0.receivedAt.microseconds }
        parameters.addInt16s(decisive) { $0.report.provider.code }
        parameters.addInt16s(decisive) { $0.report.status.code }
        parameters.addTexts(decisive) { $0.report.providerMessageID }
        parameters.addTexts(decisive) { $0.report.recipient }
        parameters.addTexts(decisive) { $0.report.sender }

        parameters.add(shard)
    }
}
