import Domain
import Postgres

/// Writes a send request with its messages and their rows in the outbox.
///
/// One statement, so that it is all or nothing in one round trip. An existing send request is not
/// changed, so it is safe to write it again after a commit with an unknown outcome.
struct AcceptSendRequest: Statement {
    let sendRequest: SendRequest
    /// That of the host which the send request names.
    var webhook: WebhookID?

    static let name: StaticString = "accept_send_request"
    static let sql: StaticString = """
        with request as (
            insert into send_request (
                id, accepted_at, send_at, give_up_at, validity_minutes, segments, encoding,
                is_pinned, sender, body, callback_data, metadata, submitter_kind, submitter_id,
                submitter_name, ignores_opt_out,
                webhook_id, webhook_url)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $24, $25,
                $26)
            on conflict (id) do nothing
            returning id, accepted_at, coalesce(send_at, least(accepted_at, now())) as due_at,
                give_up_at, is_pinned, sender, segments, submitter_id
        ),
        new as (
            select new.id, new.recipient, new.provider, new.is_named, new.country,
                request.id as send_request_id, request.accepted_at, request.due_at,
                request.give_up_at, request.is_pinned, request.sender, request.segments,
                request.submitter_id
            from request, unnest(
                $16::uuid[], $17::text[], $18::smallint[], $19::boolean[], $23::text[]
            ) as new (id, recipient, provider, is_named, country)
        ),
        queued as (
            insert into message (
                id, precedence, fingerprint, created_at, updated_at, provider, status, is_ours,
                is_key_derived, provider_message_id, recipient, sender, send_request_id, segments,
                submitter_id, country)
            select id, $20, 0, accepted_at, accepted_at, provider, $21, true, is_named,
                case when is_named then id::text end, recipient, sender, send_request_id, segments,
                submitter_id, country
            from new
            returning id, status, created_at, provider, country, sender, submitter_id, segments
        ),
        counted as (
            insert into statistic_change (
                hours, providers, statuses, outcomes, countries, senders, submitters, segments,
                delays, currencies, prices, messages)
            select array_agg(hour), array_agg(provider), array_agg(status),
                array_agg(null::bigint), array_agg(country), array_agg(sender),
                array_agg(submitter_id), array_agg(segments), array_agg(null::smallint),
                array_agg(null::text), array_agg(null::numeric), array_agg(messages)
            from (
                select date_trunc('hour', created_at, 'UTC') as hour, provider, status, country,
                    left(sender, 100) as sender, submitter_id, segments, count(*) as messages
                from queued
                group by 1, 2, 3, 4, 5, 6, 7
            ) as alike
            having count(*) > 0
        ),
        waiting as (
            insert into outbox (
                message_id, send_request_id, due_at, give_up_at, provider, state, is_bound,
                recipient)
            select id, send_request_id, due_at, give_up_at, provider, 1, is_pinned, recipient
            from new
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        select take_change_block(), now(), array_agg(id), array_agg(status), array_agg($22::smallint)
        from queued
        having count(*) > 0
        returning block, messages, statuses, causes
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: sendRequest.id.halves)
        parameters.add(timestamp: sendRequest.acceptedAt.microseconds)
        parameters.add(timestamp: sendRequest.sendAt?.microseconds)
        parameters.add(timestamp: sendRequest.giveUpAt.microseconds)
        parameters.add(sendRequest.validityMinutes.map { Int32(clamping: $0) })
        parameters.add(Int16(clamping: sendRequest.segmentation.segments))
        parameters.add(sendRequest.segmentation.encoding.rawValue)
        parameters.add(sendRequest.isPinned)
        parameters.add(sendRequest.sender)
        parameters.add(sendRequest.text)
        parameters.add(sendRequest.callbackData)
        parameters.add(sendRequest.metadata)
        parameters.add(sendRequest.submitter.id.kind.rawValue)
        parameters.add(uuid: sendRequest.submitter.id.uuid.halves)
        parameters.add(sendRequest.submitter.name)
        parameters.addUUIDs(sendRequest.recipients) { $0.message.halves }
        parameters.addTexts(sendRequest.recipients) { $0.number.description }
        parameters.addInt16s(sendRequest.recipients) { $0.provider.code }
        parameters.addBools(sendRequest.recipients) { $0.provider.takesOurID }
        parameters.add(Precedence(status: .queued, at: sendRequest.acceptedAt).rawValue)
        parameters.add(Status.queued.code)
        parameters.add(StatusChange.Cause.event.rawValue)
        parameters.addTexts(sendRequest.recipients) {
            Country(ofNumber: $0.number.description)?.description
        }
        parameters.add(sendRequest.ignoresOptOut)
        parameters.add(uuid: webhook?.halves)
        parameters.add(webhook.flatMap { _ in sendRequest.webhook?.url.description })
    }

    /// The new messages; no row if the send request existed.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}

/// Takes an Idempotency-Key for a send request; no row if another send request has it.
///
/// Waits for a transaction that is taking the same key.
struct ClaimKey: Statement {
    let idempotency: Idempotency
    let now: Timestamp

    static let name: StaticString = "claim_key"
    static let sql: StaticString = """
        insert into idempotency_key as known (
            principal_id, key, created_at, digest, status, answer, message_id)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (principal_id, key) do update set
            created_at = excluded.created_at,
            digest = excluded.digest,
            status = excluded.status,
            answer = excluded.answer,
            message_id = excluded.message_id
        where known.created_at <= excluded.created_at - interval '24 hours'
        returning true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: idempotency.principal.uuid.halves)
        parameters.add(idempotency.key)
        parameters.add(timestamp: now.microseconds)
        parameters.add(bytes: idempotency.digest)
        parameters.add(Int16(clamping: idempotency.answer.status))
        parameters.add(bytes: idempotency.answer.body)
        parameters.add(uuid: idempotency.answer.message?.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// The digest and the answer of the send request that has a key.
struct SelectKey: Statement {
    let idempotency: Idempotency

    static let name: StaticString = "select_key"
    static let sql: StaticString = """
        select digest, status, answer, message_id
        from idempotency_key where principal_id = $1 and key = $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: idempotency.principal.uuid.halves)
        parameters.add(idempotency.key)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (digest: [UInt8], answer: StoredAnswer) {
        (
            try row.next([UInt8].self),
            StoredAnswer(
                status: try row.next(Int.self), body: try row.next([UInt8].self),
                message: try row.next(MessageID?.self))
        )
    }
}

/// Replaces the answers of the send requests that have these keys.
struct KeepAnswers: Statement {
    let answers: [KeptAnswer]

    static let name: StaticString = "keep_answers"
    static let sql: StaticString = """
        update idempotency_key as known set status = kept.status, answer = kept.answer
        from unnest($1::uuid[], $2::text[], $3::bytea[], $4::smallint[], $5::bytea[])
            as kept (principal_id, key, digest, status, answer)
        where known.principal_id = kept.principal_id and known.key = kept.key
            and known.digest = kept.digest
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(answers) { $0.idempotency.principal.uuid.halves }
        parameters.addTexts(answers) { $0.idempotency.key }
        parameters.addBytes(answers) { $0.idempotency.digest }
        parameters.addInt16s(answers) { Int16(clamping: $0.answer.status) }
        parameters.addBytes(answers) { $0.answer.body }
    }
}
