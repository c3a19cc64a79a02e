import Domain
import Postgres

/// The server's clock at this moment, not at the transaction's start.
struct ReadClock: Statement {
    static let name: StaticString = "read_clock"
    static let sql: StaticString = "select clock_timestamp()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp {
        try row.next(Timestamp.self)
    }
}

/// Fills a provider's token bucket up to now, and locks it until the end of the transaction.
struct RefillAllowance: Statement {
    let provider: Provider
    let perSecond: Double
    let burst: Double

    static let name: StaticString = "refill_allowance"
    static let sql: StaticString = """
        update provider_state set
            allowance = least(
                $2::bigint / 1000::double precision,
                allowance + $3::bigint / 1000::double precision * greatest(
                    0, extract(epoch from clock_timestamp() - refilled_at)::double precision)),
            refilled_at = greatest(refilled_at, clock_timestamp())
        where provider = $1
        returning floor(allowance * 1000)::bigint, refilled_at
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        // Thousandths: fine enough for one message in a quarter of an hour.
        parameters.add(max(1000, Int64(burst * 1000)))
        parameters.add(max(1, Int64(perSecond * 1000)))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (allowance: Double, at: Timestamp) {
        (Double(try row.next(Int64.self)) / 1000, try row.next(Timestamp.self))
    }
}

/// Takes the leased messages out of the bucket.
struct SpendAllowance: Statement {
    let provider: Provider
    let messages: Int

    var isNeeded: Bool { messages > 0 }

    static let name: StaticString = "spend_allowance"
    static let sql: StaticString = """
        update provider_state set allowance = allowance - $2::bigint where provider = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(Int64(messages))
    }
}

/// Those of some messages that a report shows to be accepted by a provider.
struct SelectReported: Statement {
    let messages: [MessageID]

    var isNeeded: Bool { !messages.isEmpty }

    /// The statuses that only a provider that accepted the message reports. A rejection may be of
    /// an attempt after which the message is to be tried again.
    private static let proofs: [Status] = [
        .accepted, .sent, .delivered, .partiallyDelivered, .undeliverable, .expired,
    ]

    static let name: StaticString = "select_reported"
    static let sql: StaticString = """
        select id from message
        where id = any($1::uuid[]) and fingerprint <> 0 and status = any($2::smallint[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.addInt16s(Self.proofs) { $0.code }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}

/// What the messages of send requests have in common.
struct SelectSendRequests: Statement {
    let ids: [SendRequestID]

    var isNeeded: Bool { !ids.isEmpty }

    static let name: StaticString = "select_send_requests"
    static let sql: StaticString = """
        select id, sender, body, validity_minutes, callback_data, ignores_opt_out
        from send_request
        where id = any($1::uuid[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendRequestRow {
        SendRequestRow(
            id: try row.next(SendRequestID.self), sender: try row.next(String?.self),
            text: try row.next(String.self), validityMinutes: try row.next(Int?.self),
            callbackData: try row.next(String?.self), ignoresOptOut: try row.next(Bool.self))
    }
}

/// A send request without its messages.
struct SendRequestRow: Sendable {
    let id: SendRequestID
    let sender: String?
    let text: String
    let validityMinutes: Int?
    let callbackData: String?
    let ignoresOptOut: Bool
}

/// Leases rows that this transaction has locked.
/// The attempt is dated before it is marked, so that its time is known even if the commit gets no
/// answer: by that time it is told from another dispatcher's attempt.
struct MarkLeased: Statement {
    let leases: [Lease]
    let provider: Provider
    let dispatcher: Int32
    let duration: Duration

    var isNeeded: Bool { !leases.isEmpty }

    static let name: StaticString = "mark_leased"
    static let sql: StaticString = """
        update outbox set
            state = 2, lease_id = new.lease_id, dispatcher = $4, provider = $5,
            due_at = new.leased_at + $6::bigint * interval '1 microsecond',
            attempted_at = new.leased_at, attempts = attempts + 1, checks = 0,
            blame = case when provider = $5 then blame else 0 end,
            met_stop_at = case when provider = $5 then met_stop_at end
        from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
            as new (message_id, lease_id, leased_at)
        where outbox.message_id = new.message_id
        """

    func encode(into parameters: inout StatementParameters) {
        let rows = leases.flatMap { lease in lease.messages.map { (lease, $0.outgoing.id) } }
        parameters.addUUIDs(rows) { $0.1.halves }
        parameters.addUUIDs(rows) { $0.0.id.halves }
        parameters.addTimestamps(rows) { $0.0.leasedAt.microseconds }
        parameters.add(dispatcher)
        parameters.add(provider.code)
        parameters.add(Int64(duration / .microseconds(1)))
    }
}

/// Makes leased messages that were never sent ready again, as if they had not been leased.
///
/// The rows may still be locked by the commit whose answer was lost. A message that was taken over
/// from its lease meanwhile is identified by its attempt and the time when that began: if the
/// commit never happened, another dispatcher may have made an attempt of the same number, and may
/// have sent it.
struct PutBackUnsent: Statement {
    let leases: [Lease]

    static let name: StaticString = "put_back_unsent"
    static let sql: StaticString = """
        with held as materialized (
            select message_id, lease_id, state, attempts, attempted_at
            from outbox
            where message_id = any($1::uuid[])
            order by message_id
            for update
        ),
        lost as (
            select held.message_id, lost.provider
            from unnest(
                $1::uuid[], $2::uuid[], $3::smallint[], $4::smallint[], $5::timestamptz[]
            ) as lost (message_id, lease_id, attempt, provider, leased_at)
            join held on held.message_id = lost.message_id
            where held.state = 2 and held.lease_id = lost.lease_id
                or held.state = 3 and held.attempts = lost.attempt
                and held.attempted_at = lost.leased_at
        )
        update outbox set
            state = 1, due_at = now(), lease_id = null, dispatcher = null, checks = 0,
            attempts = attempts - 1, provider = lost.provider
        from lost
        where outbox.message_id = lost.message_id
        """

    func encode(into parameters: inout StatementParameters) {
        let rows = leases.flatMap { lease in lease.messages.map { (lease, $0) } }
        parameters.addUUIDs(rows) { $0.1.outgoing.id.halves }
        parameters.addUUIDs(rows) { $0.0.id.halves }
        parameters.addInt16s(rows) { Int16(clamping: $0.1.attempt) }
        parameters.addInt16s(rows) { $0.1.provider.code }
        parameters.addTimestamps(rows) { $0.0.leasedAt.microseconds }
    }
}

/// Writes that another provider takes over messages that are about to be leased.
struct NoteReroutes: Statement {
    let messages: [LeasedMessage]
    let provider: Provider

    var isNeeded: Bool { !messages.isEmpty }

    static let name: StaticString = "note_reroutes"
    static let sql: StaticString = """
        insert into event (message_id, at, kind, provider, attempt)
        select message_id, clock_timestamp(), $4, $3, attempt
        from unnest($1::uuid[], $2::smallint[]) as new (message_id, attempt)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.outgoing.id.halves }
        parameters.addInt16s(messages) { Int16(clamping: $0.attempt) }
        parameters.add(provider.code)
        parameters.add(SendEvent.Kind.rerouted.code)
    }
}

/// Counts messages as sent that a report shows to be accepted; this transaction has locked them.
struct MarkReported: Statement {
    let messages: [MessageID]

    var isNeeded: Bool { !messages.isEmpty }

    static let name: StaticString = "mark_reported"
    static let sql: StaticString = """
        with sent as (
            update outbox set state = 4, due_at = now(), checks = 0, is_bound = true
            where message_id = any($1::uuid[])
            returning message_id, provider, attempts
        )
        insert into event (message_id, at, kind, provider, attempt)
        select message_id, clock_timestamp(), $2, provider, attempts from sent
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.add(SendEvent.Kind.found.code)
    }
}

/// When the next message will be due: of a provider's own, and of those that it may take over.
struct SelectNextDue: Statement {
    let provider: Provider
    let others: [Provider]
    let isNeeded: Bool

    static let name: StaticString = "select_next_due"
    static let sql: StaticString = """
        select min(due_at)
        from (
            (select due_at from outbox
             where state = 1 and provider = $1 and due_at > now()
             order by due_at
             limit 1)
            union all
            select free.due_at
            from unnest($2::smallint[]) as other (provider)
            cross join lateral (
                select due_at from outbox
                where state = 1 and provider = other.provider and due_at > now()
                    and not is_bound
                order by due_at
                limit 1
            ) as free
        ) as next
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.addInt16s(others) { $0.code }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp? {
        try row.next(Timestamp?.self)
    }
}
