import Domain
import Postgres

/// Drops messages from the outbox that a provider has, or may have, and whose final status is
/// known: a portion of one state, in the order of their checks. Of what was unsure the timeline
/// says that it was found.
///
/// Where the provider can only be asked by number, a message stays, as sent, while its name may be
/// needed to tell another one's record from its own.
struct DropSettled: Statement {
    let provider: Provider
    let isUnsure: Bool
    /// Those whose check is due after this; nil for all.
    let after: Timestamp?
    /// Those whose check is due by then; nil for all.
    let by: Timestamp?
    let limit: Int

    static let name: StaticString = "drop_settled"
    static let sql: StaticString = """
        with seen as materialized (
            select message_id, due_at
            from outbox
            where provider = $1 and state = $2 and state >= 3
                and due_at > coalesce($3::timestamptz, '-infinity')
                and due_at <= coalesce($4::timestamptz, 'infinity')
            order by due_at
            limit $5
        ),
        settled as materialized (
            select outbox.message_id
            from seen
            join outbox on outbox.message_id = seen.message_id
            join message on message.id = seen.message_id
            where outbox.state = $2 and message.status = any($6::smallint[])
                and ($7 or $2 = 3 or (
                    outbox.attempted_at < now() - interval '150 seconds'
                    and not exists (
                        select from outbox as other
                        where other.recipient = outbox.recipient and other.provider = $1
                            and other.state in (2, 3) and other.state >= 2
                            and other.message_id <> outbox.message_id)))
            for update of outbox skip locked
        ),
        gone as (
            delete from outbox
            using settled
            where outbox.message_id = settled.message_id and ($7 or $2 = 4)
            returning outbox.message_id, outbox.provider, outbox.attempts
        ),
        kept as (
            update outbox set state = 4, checks = 0
            from settled
            where outbox.message_id = settled.message_id and not $7 and $2 = 3
            returning outbox.message_id, outbox.provider, outbox.attempts
        ),
        told as (
            insert into event (message_id, at, kind, provider, attempt)
            select message_id, clock_timestamp(), $8, provider, attempts
            from (table gone union all table kept) as found
            where $2 = 3
        )
        select count(*), max(due_at), (select count(*) from gone) from seen
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add((isUnsure ? 3 : 4) as Int16)
        parameters.add(timestamp: after?.microseconds)
        parameters.add(timestamp: by?.microseconds)
        parameters.add(Int64(limit))
        parameters.addInt16s(Status.allCases.filter(\.isFinal)) { $0.code }
        parameters.add(provider.takesOurName)
        parameters.add(SendEvent.Kind.found.code)
    }

    static func decode(
        _ row: borrowing RowReader
    ) throws(PostgresError) -> (seen: Int, last: Timestamp?, dropped: Int) {
        (
            Int(try row.int64(0)),
            try row.optionalTimestamp(1).map(Timestamp.init(microseconds:)),
            Int(try row.int64(2))
        )
    }
}

/// Messages whose check is due, put off for others.
struct HoldChecks: Statement {
    let provider: Provider
    let isUnsure: Bool
    let now: Timestamp
    let heldUntil: Timestamp
    let limit: Int

    static let name: StaticString = "hold_checks"
    static let sql: StaticString = """
        with due as materialized (
            select message_id
            from outbox
            where provider = $1 and state = $2 and state >= 3 and due_at <= $3
            order by due_at
            limit $5
            for update skip locked
        ),
        held as (
            update outbox set due_at = $4, checks = checks + 1
            from due
            where outbox.message_id = due.message_id
            returning outbox.message_id, outbox.send_request_id, outbox.provider, outbox.state,
                outbox.attempts, outbox.checks, outbox.recipient, outbox.attempted_at
        )
        select held.message_id, held.provider, held.state = 3, held.attempts, held.checks - 1,
            held.recipient,
            (extract(epoch from clock_timestamp()
                - coalesce(held.attempted_at, send_request.accepted_at)) * 1000000)::bigint,
            message.status, message.provider, message.provider_message_id,
            send_request.validity_minutes, send_request.give_up_at, others.names,
            coalesce(others.has_twin, false)
        from held
        join message on message.id = held.message_id
        join send_request on send_request.id = held.send_request_id
        left join lateral (
            select string_agg(known.name, ' ') as names,
                bool_or(known.name is null and known.is_close) as has_twin
            from (
                select nullif(their.provider_message_id, their.id::text) as name,
                    abs(extract(epoch from other.attempted_at - held.attempted_at)) < 900
                        as is_close
                from outbox as other
                join message as their on their.id = other.message_id
                where other.recipient = held.recipient and other.provider = $1
                    and other.state >= 2 and other.message_id <> held.message_id
                limit 1000
            ) as known
            where $6 and nullif(message.provider_message_id, message.id::text) is null
        ) as others on true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add((isUnsure ? 3 : 4) as Int16)
        parameters.add(timestamp: now.microseconds)
        parameters.add(timestamp: heldUntil.microseconds)
        parameters.add(Int64(limit))
        parameters.add(!provider.takesOurName)
    }

    /// Nil for a recipient that is no number, which nobody writes.
    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> HeldCheck? {
        guard let recipient = PhoneNumber(kept: try row.text(5)) else { return nil }
        let id: MessageID = try row.identifier(0)
        let names = try row.optionalText(12)?.split(separator: " ").map(String.init) ?? []
        let name = try name(row, of: id)
        let age = try row.int64(6)
        let (isUnsure, status) = (try row.bool(2), try row.status(7))
        let (attempts, checks) = (Int(try row.int16(3)), Int(try row.int32(4)))
        let validityMinutes = try row.optionalInt32(10).map(Int.init)
        let giveUpAt = Timestamp(microseconds: try row.timestamp(11))
        let hasTwin = try row.bool(13)
        return { now in
            OutboxCheck(
                lookUp: MessageLookUp(
                    id: id, providerMessageID: name, recipient: recipient,
                    sentAt: now.advanced(by: .microseconds(-age)),
                    otherProviderMessageIDs: Set(names)),
                isUnsure: isUnsure, status: status, attempts: attempts,
                checks: checks, validityMinutes: validityMinutes, giveUpAt: giveUpAt,
                hasTwin: hasTwin)
        }
    }

    /// A check as of a moment by the dispatcher's clock: the database only tells how long ago the
    /// attempt was.
    typealias HeldCheck = @Sendable (Timestamp) -> OutboxCheck

    /// The name that the provider in question has for the message; another provider's is none.
    private static func name(
        _ row: borrowing RowReader, of id: MessageID
    ) throws(PostgresError) -> String? {
        guard let name = try row.optionalText(9) else { return nil }
        let provider = try row.provider(1)
        if provider.takesOurName { return try row.provider(8) == provider ? name : nil }
        return name == id.description ? nil : name
    }
}
