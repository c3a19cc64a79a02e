import Domain
import Postgres

/// Adds messages from people; a repetition changes nothing.
///
/// The rows must be distinct and ordered by their keys. A message that was recovered from a list gets
/// what the list did not have when its callback comes after all.
struct RecordInbound: Statement {
    let rows: [WriteBatch.InboundRow]

    var isNeeded: Bool { !rows.isEmpty }

    static let name: StaticString = "record_inbound"
    static let sql: StaticString = """
        insert into inbound as known (
            id, provider, provider_message_id, kind, source, callback_id, at, received_at, sent_at,
            sender, recipient, body, keyword, media, media_types, parts, price, currency, intent,
            asks_for_help, attributes)
        select id, provider, provider_message_id, kind, source, callback_id,
            coalesce(sent_at, received_at), received_at, sent_at, sender, recipient, body, keyword,
            string_to_array(media, E'\\n'), string_to_array(media_types, E'\\n'), parts,
            price::numeric, currency, intent, asks_for_help, attributes::jsonb
        from unnest(
            $1::uuid[], $2::smallint[], $3::text[], $4::smallint[], $5::smallint[], $6::uuid[],
            $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::text[],
            $12::text[], $13::text[], $14::text[], $15::integer[], $16::text[], $17::text[],
            $18::smallint[], $19::boolean[], $20::text[]
        ) as new (
            id, provider, provider_message_id, kind, source, callback_id, received_at, sent_at,
            sender, recipient, body, keyword, media, media_types, parts, price, currency, intent,
            asks_for_help, attributes)
        on conflict (id) do update set
            kind = excluded.kind, source = excluded.source, callback_id = excluded.callback_id,
            body = coalesce(excluded.body, known.body),
            keyword = coalesce(excluded.keyword, known.keyword),
            media = coalesce(excluded.media, known.media),
            media_types = coalesce(excluded.media_types, known.media_types),
            intent = coalesce(excluded.intent, known.intent),
            asks_for_help = excluded.asks_for_help,
            attributes = coalesce(excluded.attributes, known.attributes)
        where known.source = 2 and excluded.source = 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(rows) { $0.message.id.halves }
        parameters.addInt16s(rows) { $0.message.provider.code }
        parameters.addTexts(rows) { $0.message.providerMessageID }
        parameters.addInt16s(rows) { $0.message.kind.rawValue }
        parameters.addInt16s(rows) { $0.message.source.rawValue }
        parameters.addUUIDs(rows) { $0.callback.halves }
        parameters.addTimestamps(rows) { $0.receivedAt.microseconds }
        parameters.addTimestamps(rows) { $0.message.sentAt?.microseconds }
        parameters.addTexts(rows) { $0.message.sender }
        parameters.addTexts(rows) { $0.message.recipient }
        parameters.addTexts(rows) { $0.message.text }
        parameters.addTexts(rows) { $0.message.keyword }
        parameters.addTexts(rows) { $0.message.media.lines(\.url) }
        parameters.addTexts(rows) { $0.message.media.lines { $0.type ?? "-" } }
        parameters.addInt32s(rows) { $0.message.parts }
        parameters.addTexts(rows) { $0.message.price?.amount }
        parameters.addTexts(rows) { $0.message.price?.currency }
        parameters.addInt16s(rows) { $0.message.intent?.rawValue }
        parameters.addBools(rows) { $0.asksForHelp }
        parameters.addTexts(rows) { $0.message.attributes }
    }
}

/// Adds entries to the opt-outs; a repetition changes nothing. Webhooks are told of each new one, in
/// the same transaction, unless it says "in" of somebody who was never out: many reply "yes".
///
/// The rows must be distinct and ordered by their keys.
struct RecordOptOuts: Statement {
    let entries: [OptOutEntry]

    var isNeeded: Bool { !entries.isEmpty }

    static let name: StaticString = "record_opt_outs"
    static let sql: StaticString = """
        with new as materialized (
            select id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
                message_id, callback_id, detail, principal_kind, principal_id, principal_name,
                source_name, provider_name
            from unnest(
                $1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::smallint[],
                $6::smallint[], $7::timestamptz[], $8::timestamptz[], $9::uuid[], $10::uuid[],
                $11::uuid[], $12::text[], $13::text[], $14::uuid[], $15::text[], $16::text[],
                $17::text[]
            ) as new (
                id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
                message_id, callback_id, detail, principal_kind, principal_id, principal_name,
                source_name, provider_name)
        ),
        added as (
            insert into opt_out (
                id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
                message_id, callback_id, detail, principal_kind, principal_id, principal_name)
            select id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
                message_id, callback_id, detail, principal_kind, principal_id, principal_name
            from new
            on conflict (id) do nothing
            returning id
        )
        select enqueue_webhook(
            3::smallint,
            jsonb_build_object(
                'id', id, 'out', is_out, 'source', source_name, 'provider', provider_name,
                'at', at, 'all_senders', sender is null, 'inbound_id', inbound_id,
                'message_id', message_id),
            jsonb_build_object('to', recipient, 'from', sender), provider)
        from added
        join new using (id)
        where is_out or exists (
            select from opt_out as earlier
            where earlier.recipient = new.recipient and earlier.is_out)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(entries) { $0.id.halves }
        parameters.addTexts(entries) { $0.recipient }
        parameters.addTexts(entries) { $0.sender }
        parameters.addBools(entries) { $0.isOut }
        parameters.addInt16s(entries) { $0.source.rawValue }
        parameters.addInt16s(entries) { $0.provider?.code }
        parameters.addTimestamps(entries) { $0.at.microseconds }
        parameters.addTimestamps(entries) { $0.recordedAt.microseconds }
        parameters.addUUIDs(entries) { $0.cause.inbound?.halves }
        parameters.addUUIDs(entries) { $0.cause.message?.halves }
        parameters.addUUIDs(entries) { $0.cause.callback?.halves }
        parameters.addTexts(entries) { $0.detail }
        parameters.addTexts(entries) { $0.principal?.id.kind.rawValue }
        parameters.addUUIDs(entries) { $0.principal?.id.uuid.halves }
        parameters.addTexts(entries) { $0.principal?.name }
        parameters.addTexts(entries) { $0.source.name }
        parameters.addTexts(entries) { $0.provider?.name }
    }
}

extension [InboundMessage.Media] {
    /// One line for each; nil if there are none.
    fileprivate func lines(_ text: (InboundMessage.Media) -> String) -> String? {
        guard !isEmpty else { return nil }
        return map { text($0).replacing("\n", with: " ") }.joined(separator: "\n")
    }
}
