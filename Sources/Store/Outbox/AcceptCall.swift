import Domain
import Postgres

/// Writes a call with its messages and what is to be done for them.
///
/// One statement, so that it is all or nothing in one round trip. A call that is there already is
/// left as it is: after a commit that nobody knows of it is safe to write it again.
struct AcceptCall: Statement {
    let call: SendCall

    static let name: StaticString = "accept_call"
    static let sql: StaticString = """
        with call as (
            insert into send_call (
                id, accepted_at, send_at, give_up_at, validity_minutes, segments, encoding,
                is_pinned, sender, body, callback_data, metadata)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (id) do nothing
            returning id, accepted_at, coalesce(send_at, least(accepted_at, now())) as due_at,
                give_up_at, is_pinned, sender
        ),
        new as (
            select new.id, new.recipient, new.provider, new.is_named, call.id as call_id,
                call.accepted_at, call.due_at, call.give_up_at, call.is_pinned, call.sender
            from call, unnest($13::uuid[], $14::text[], $15::smallint[], $16::boolean[])
                as new (id, recipient, provider, is_named)
        ),
        queued as (
            insert into message (
                id, precedence, fingerprint, created_at, updated_at, provider, status, is_ours,
                is_key_derived, provider_message_id, recipient, sender, call_id)
            select id, $17, 0, accepted_at, accepted_at, provider, $18, true, is_named,
                case when is_named then id::text end, recipient, sender, call_id
            from new
        )
        insert into outbox (
            message_id, call_id, due_at, give_up_at, provider, state, is_bound, recipient)
        select id, call_id, due_at, give_up_at, provider, 1, is_pinned, recipient
        from new
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: call.id.halves)
        parameters.add(timestamp: call.acceptedAt.microseconds)
        parameters.add(timestamp: call.sendAt?.microseconds)
        parameters.add(timestamp: call.giveUpAt.microseconds)
        parameters.add(call.validityMinutes.map { Int32(clamping: $0) })
        parameters.add(Int16(clamping: call.segmentation.parts))
        parameters.add(call.segmentation.encoding.rawValue)
        parameters.add(call.isPinned)
        parameters.add(call.sender)
        parameters.add(call.text)
        parameters.add(call.callbackData)
        parameters.add(call.metadata)
        parameters.addUUIDs(call.recipients) { $0.message.halves }
        parameters.addTexts(call.recipients) { $0.number.description }
        parameters.addInt16s(call.recipients) { $0.provider.code }
        parameters.addBools(call.recipients) { $0.provider.takesOurName }
        parameters.add(Precedence(status: .queued, at: call.acceptedAt).rawValue)
        parameters.add(Status.queued.code)
    }
}

extension Provider {
    /// Whether its name of a message is our own id, known before it has the message.
    var takesOurName: Bool { self == .infobip }
}

/// Takes an Idempotency-Key for a call; no row if another call has it.
///
/// Waits for the end of a transaction that is about to take the same key.
struct ClaimKey: Statement {
    let idempotency: Idempotency
    let now: Timestamp

    static let name: StaticString = "claim_key"
    static let sql: StaticString = """
        insert into idempotency_key as known (caller, key, created_at, digest, status, answer)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (caller, key) do update set
            created_at = excluded.created_at,
            digest = excluded.digest,
            status = excluded.status,
            answer = excluded.answer
        where known.created_at <= excluded.created_at - interval '24 hours'
        returning true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: idempotency.caller)
        parameters.add(idempotency.key)
        parameters.add(timestamp: now.microseconds)
        parameters.add(bytes: idempotency.digest)
        parameters.add(Int16(clamping: idempotency.answer.status))
        parameters.add(bytes: idempotency.answer.body)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Bool {
        try row.bool(0)
    }
}

/// What the call that has a key asked for, and what it was answered.
struct SelectKey: Statement {
    let idempotency: Idempotency

    static let name: StaticString = "select_key"
    static let sql: StaticString = """
        select digest, status, answer from idempotency_key where caller = $1 and key = $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: idempotency.caller)
        parameters.add(idempotency.key)
    }

    static func decode(
        _ row: borrowing RowReader
    ) throws(PostgresError) -> (digest: [UInt8], answer: StoredAnswer) {
        (
            try row.bytes(0),
            StoredAnswer(status: Int(try row.int16(1)), body: try row.bytes(2))
        )
    }
}

/// Replaces the answers of the calls that have these keys.
struct KeepAnswers: Statement {
    let answers: [KeptAnswer]

    static let name: StaticString = "keep_answers"
    static let sql: StaticString = """
        update idempotency_key as known set status = kept.status, answer = kept.answer
        from unnest($1::bytea[], $2::text[], $3::bytea[], $4::smallint[], $5::bytea[])
            as kept (caller, key, digest, status, answer)
        where known.caller = kept.caller and known.key = kept.key and known.digest = kept.digest
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addBytes(answers) { $0.idempotency.caller }
        parameters.addTexts(answers) { $0.idempotency.key }
        parameters.addBytes(answers) { $0.idempotency.digest }
        parameters.addInt16s(answers) { Int16(clamping: $0.answer.status) }
        parameters.addBytes(answers) { $0.answer.body }
    }
}
