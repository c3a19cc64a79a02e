import Domain
import Postgres

/// Writes steps of messages, each message once: the outbox, the statuses, the timelines and the
/// dead letters.
///
/// `judged` separates steps that count from late or repeated ones. A step that does not count stays
/// in the timeline and changes nothing, with two exceptions: a provider has accepted the message,
/// which is true under any lease; or the latest attempt certainly sent nothing, and the message was
/// taken over as unsure. Rows of the outbox are locked before those of messages, both in the order
/// of their keys, as in every other statement; `known` reads `held` only for that order.
struct ApplyChanges: Statement {
    let changes: [OutboxChange]

    static let name: StaticString = "apply_changes"
    static let sql: StaticString = """
        with change as materialized (
            select message_id, lease_id, step, due_at, batch_limit, accepts, counts_attempt, dead_code,
                dead_reason, kind, at, precedence, provider, attempt, status, code, detail, accepted_by,
                accepted_name, is_derived, blame, met_at, ordinal
            from unnest(
                $1::uuid[], $2::uuid[], $3::smallint[], $4::timestamptz[], $5::smallint[],
                $6::boolean[], $7::boolean[], $8::text[], $9::text[], $10::smallint[],
                $11::timestamptz[], $12::bigint[], $13::smallint[], $14::smallint[],
                $15::smallint[], $16::text[], $17::text[], $18::smallint[], $19::text[],
                $20::boolean[], $21::smallint[], $22::timestamptz[]
            ) with ordinality as new (
                message_id, lease_id, step, due_at, batch_limit, accepts, counts_attempt, dead_code,
                dead_reason, kind, at, precedence, provider, attempt, status, code, detail, accepted_by,
                accepted_name, is_derived, blame, met_at, ordinal)
        ),
        held as materialized (
            select message_id, send_request_id, lease_id, provider, state, attempts, recipient
            from outbox
            where message_id = any($1)
            order by message_id
            for update
        ),
        judged as materialized (
            select change.*, held.send_request_id, held.state, held.attempts, held.recipient,
                held.provider as holder,
                held.message_id is not null and coalesce(case
                    when held.state = 2 then change.lease_id = held.lease_id
                    when change.accepts then true
                    when change.lease_id is not null
                        then change.step = 1 and not change.counts_attempt and held.state = 3
                            and change.attempt = held.attempts
                    when change.step = 1
                        then held.state = 3 and coalesce(change.attempt = held.attempts, true)
                    when change.step = 3 then held.state = 3
                    else held.state >= 3
                end, false) as applies
            from change
            left join held on held.message_id = change.message_id
        ),
        put as (
            update outbox set
                state = judged.step,
                due_at = judged.due_at,
                lease_id = null,
                dispatcher = null,
                provider = coalesce(judged.accepted_by, outbox.provider),
                checks = case when outbox.state = judged.step then outbox.checks else 0 end,
                attempts = outbox.attempts
                    - case when judged.counts_attempt
                        or outbox.state <> 2 and judged.lease_id is null then 0 else 1 end,
                batch_limit = least(outbox.batch_limit, judged.batch_limit),
                blame = coalesce(judged.blame, outbox.blame),
                met_stop_at = coalesce(judged.met_at, outbox.met_stop_at),
                is_bound = outbox.is_bound or judged.step = 3
            from judged
            where outbox.message_id = judged.message_id and judged.applies and judged.step <> 0
        ),
        gone as (
            delete from outbox
            using judged
            where outbox.message_id = judged.message_id and judged.applies and judged.step = 0
        ),
        buried as (
            insert into dead_letter (
                message_id, at, send_request_id, provider, attempts, recipient, code, reason)
            select message_id, coalesce(at, clock_timestamp()), send_request_id,
                coalesce(provider, holder), attempts, recipient, dead_code, dead_reason
            from judged
            where applies and dead_code is not null
            on conflict (message_id) do nothing
        ),
        known as materialized (
            select id, status from message
            where id = any($1) and (select count(*) from held) >= 0
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = greatest(message.precedence, judged.precedence),
                fingerprint = case
                    when (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then 0 else message.fingerprint end,
                status = case
                    when (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then judged.status else message.status end,
                outcome_id = case
                    when (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then null else message.outcome_id end,
                delay = case
                    when (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then null else message.delay end,
                updated_at = case
                    when (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then greatest(message.updated_at, judged.at) else message.updated_at end,
                provider = coalesce(judged.accepted_by, message.provider),
                provider_message_id = case
                    when judged.accepted_by is null then message.provider_message_id
                    when judged.accepted_name is null then case
                        when judged.accepted_by = message.provider then message.provider_message_id
                        else nullif(message.provider_message_id, message.id::text) end
                    when judged.accepted_by <> message.provider or message.provider_message_id is null
                        or (message.precedence, message.fingerprint) < (judged.precedence, 0)
                        then judged.accepted_name
                    else message.provider_message_id end,
                is_key_derived = message.is_key_derived and coalesce(judged.is_derived, true)
            from judged
            join known on known.id = judged.message_id
            where message.id = judged.message_id and (judged.applies or judged.accepts)
                and (judged.accepted_by is not null
                    or (message.precedence, message.fingerprint) < (judged.precedence, 0))
            returning message.id, message.status, known.status as old_status
        ),
        told as (
            insert into event (
                message_id, at, precedence, kind, provider, attempt, status, code, detail)
            select message_id, at, case when applies or accepts then precedence end, kind, provider,
                attempt, case when applies or accepts then status end, code, detail
            from judged
            where kind is not null
            order by ordinal
        )
        insert into status_change (block, noted_at, messages, statuses, causes)
        select take_change_block(), now(), array_agg(id), array_agg(status), array_agg($23::smallint)
        from moved
        where status <> old_status
        having count(*) > 0
        returning block, messages, statuses, causes
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(changes) { $0.message.halves }
        parameters.addUUIDs(changes) { $0.lease?.halves }
        parameters.addInt16s(changes) { $0.step.code }
        parameters.addTimestamps(changes) { $0.step.dueAt?.microseconds }
        parameters.addInt16s(changes) { $0.batchLimit.map { Int16(clamping: $0) } }
        parameters.addBools(changes) { $0.saysThatProviderHasIt }
        parameters.addBools(changes) { $0.countsAttempt }
        parameters.addTexts(changes) { $0.deadLetter?.code }
        parameters.addTexts(changes) { $0.deadLetter?.text }
        parameters.addInt16s(changes) { $0.event?.kind.code }
        parameters.addTimestamps(changes) { $0.event?.at.microseconds }
        parameters.addInt64s(changes) { $0.event?.precedence?.rawValue }
        parameters.addInt16s(changes) { $0.event?.provider?.code }
        parameters.addInt16s(changes) { ($0.event?.attempt).map { Int16(clamping: $0) } }
        parameters.addInt16s(changes) { $0.event?.status?.code }
        parameters.addTexts(changes) { $0.event?.problem?.code }
        parameters.addTexts(changes) { $0.event?.problem?.text }
        parameters.addInt16s(changes) { $0.acceptedBy?.provider.code }
        parameters.addTexts(changes) { $0.acceptedBy?.providerMessageID }
        parameters.addBools(changes) { $0.isKeyDerived }
        parameters.addInt16s(changes) { ($0.stop?.blame).map { Int16(clamping: $0) } }
        parameters.addTimestamps(changes) { $0.stop?.at.microseconds }
        parameters.add(StatusChange.Cause.event.rawValue)
    }

    /// The changed statuses; no row if there are none.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}

extension OutboxStep {
    /// The row's state; 0 if it is deleted.
    fileprivate var code: Int16 {
        switch self {
        case .done: 0
        case .ready: 1
        case .unsure: 3
        case .sent: 4
        }
    }

    fileprivate var dueAt: Timestamp? {
        switch self {
        case .ready(let at): at
        case .unsure(let at), .sent(let at): at
        case .done: nil
        }
    }
}

extension OutboxChange {
    /// Then it counts without a lease, too.
    fileprivate var saysThatProviderHasIt: Bool {
        switch step {
        case .sent: true
        case .done: event?.kind == .accepted || event?.kind == .found
        case .ready, .unsure: false
        }
    }

    /// Whether the message's key follows from its name at the provider that accepted it; nil
    /// without one.
    fileprivate var isKeyDerived: Bool? {
        guard let acceptedBy else { return nil }
        guard acceptedBy.provider.takesOurID else { return false }
        return acceptedBy.providerMessageID.map { $0 == message.description } ?? true
    }
}

/// Adds to the counts of providers.
struct AddCounts: Statement {
    let counts: [(provider: Provider, counts: SendCounts)]

    static let name: StaticString = "add_counts"
    static let sql: StaticString = """
        with held as materialized (
            select provider from provider_state
            where provider = any($1::smallint[])
            order by provider
            for update
        )
        update provider_state as known set
            requests = known.requests + new.requests,
            accepted = known.accepted + new.accepted,
            refused = known.refused + new.refused,
            deferred = known.deferred + new.deferred,
            unanswered = known.unanswered + new.unanswered,
            dead_letters = known.dead_letters + new.dead_letters,
            look_ups = known.look_ups + new.look_ups,
            recovered = known.recovered + new.recovered,
            put_back = known.put_back + new.put_back,
            taken_at = greatest(known.taken_at, new.taken_at)
        from unnest(
            $1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::timestamptz[]
        ) as new (
            provider, requests, accepted, refused, deferred, unanswered, dead_letters, look_ups,
            recovered, put_back, taken_at)
        join held on held.provider = new.provider
        where known.provider = new.provider
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt16s(counts) { $0.provider.code }
        parameters.addInt64s(counts) { Int64($0.counts.requests) }
        parameters.addInt64s(counts) { Int64($0.counts.accepted) }
        parameters.addInt64s(counts) { Int64($0.counts.refused) }
        parameters.addInt64s(counts) { Int64($0.counts.deferred) }
        parameters.addInt64s(counts) { Int64($0.counts.unanswered) }
        parameters.addInt64s(counts) { Int64($0.counts.deadLetters) }
        parameters.addInt64s(counts) { Int64($0.counts.lookUps) }
        parameters.addInt64s(counts) { Int64($0.counts.recovered) }
        parameters.addInt64s(counts) { Int64($0.counts.putBack) }
        parameters.addTimestamps(counts) { $0.counts.takenAt?.microseconds }
    }
}
