import Domain
import Postgres

/// Messages from people of which nothing was made yet, the earliest first; held until the end of the
/// transaction, so that no other process takes them.
struct SelectUnfollowed: Statement {
    let limit: Int

    static let name: StaticString = "select_unfollowed"
    static let sql: StaticString = """
        select id, provider, provider_message_id, kind, source, callback_id, at, received_at,
            sent_at, sender, recipient, body, keyword, array_to_string(media, E'\\n'),
            array_to_string(media_types, E'\\n'), parts, price::text, currency, intent,
            attributes::text, message_id, asks_for_help
        from inbound
        where followed_at is null
        order by received_at
        limit $1
        for update skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(limit))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (stored: StoredInbound, asksForHelp: Bool) {
        let stored = try row.nextInbound()
        return (stored, try row.next(Bool.self))
    }
}

/// The last message to the number of each of some messages from people, from the number that they
/// wrote to; also one whose sender was left to the provider.
///
/// The condition on the number stands alone, so that the planner has no other index to choose.
struct SelectAnswered: Statement {
    let messages: [StoredInbound]

    static let name: StaticString = "select_answered"
    static let sql: StaticString = """
        select reply.id, last.id
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
            as reply (id, sender, recipient, received_at)
        cross join lateral (
            with sent as materialized (
                select message.id, message.sender, message.created_at from message
                where message.recipient = reply.sender
            )
            select sent.id from sent
            where sent.created_at <= reply.received_at
                and (sent.sender is null
                    or ltrim(sent.sender, '+') = ltrim(reply.recipient, '+'))
            order by sent.created_at desc, sent.id desc
            limit 1
        ) as last
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.message.id.halves }
        parameters.addTexts(messages) { $0.message.sender }
        parameters.addTexts(messages) { $0.message.recipient }
        parameters.addTimestamps(messages) { $0.receivedAt.microseconds }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (reply: InboundID, message: MessageID) {
        (try row.next(InboundID.self), try row.next(MessageID.self))
    }
}

/// Tells webhooks of messages from people, without their texts.
struct EnqueueInboundEvents: Statement {
    let messages: [StoredInbound]

    static let name: StaticString = "enqueue_inbound_events"
    static let sql: StaticString = """
        select enqueue_webhook(
            2::smallint,
            jsonb_build_object(
                'id', inbound.id, 'provider', new.provider_name,
                'provider_message_id', provider_message_id, 'type', new.kind_name,
                'has_text', body is not null, 'media', coalesce(cardinality(media), 0),
                'segments', parts, 'sent_at', sent_at, 'received_at', received_at,
                'message_id', message_id),
            jsonb_build_object('from', sender, 'to', recipient), provider)
        from unnest($1::uuid[], $2::text[], $3::text[]) as new (id, provider_name, kind_name)
        join inbound on inbound.id = new.id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.message.id.halves }
        parameters.addTexts(messages) { $0.message.provider.name }
        parameters.addTexts(messages) { $0.message.kind.name }
    }
}

/// Writes that the work of some messages from people is done, and tells the streams of them.
struct MarkFollowed: Statement {
    let messages: [(id: InboundID, answered: MessageID?)]

    static let name: StaticString = "mark_followed"
    static let sql: StaticString = """
        with followed as (
            update inbound set followed_at = now(), message_id = new.message_id
            from unnest($1::uuid[], $2::uuid[]) as new (id, message_id)
            where inbound.id = new.id
            returning inbound.id
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        select take_change_block(), now(), array_agg(id), array_agg($3::smallint),
            array_agg($4::smallint)
        from followed
        having count(*) > 0
        returning block, messages, statuses, causes
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.id.halves }
        parameters.addUUIDs(messages) { $0.answered?.halves }
        parameters.add(Status.unknown.code)
        parameters.add(StatusChange.Cause.inbound.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}
