import Domain
import Postgres

/// Removes messages from the outbox that a provider has, or may have, and whose final status is
/// known: a portion of one state, in the order of their checks. The timeline of an unsure one gets
/// `found`.
///
/// If the provider can only be asked by number, a message stays, as sent, while its name may be
/// needed to tell its record from another message's.
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
        parameters.add(provider.takesOurID)
        parameters.add(SendEvent.Kind.found.code)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (seen: Int, last: Timestamp?, dropped: Int) {
        (
            try row.next(Int.self), try row.next(Timestamp?.self), try row.next(Int.self)
        )
    }
}

/// Messages whose check is due, deferred for others.
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
                outbox.attempts, outbox.checks, outbox.recipient, outbox.attempted_at,
                outbox.give_up_at
        )
        select held.message_id, held.provider, held.state = 3, held.attempts, held.checks - 1,
            held.recipient,
            (extract(epoch from clock_timestamp()
                - coalesce(held.attempted_at, send_request.accepted_at)) * 1000000)::bigint,
            message.status, message.provider, message.provider_message_id,
            send_request.validity_minutes, held.give_up_at, others.names,
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
        parameters.add(!provider.takesOurID)
    }

    /// Nil for a recipient that is not a number, which is never written.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> HeldCheck? {
        let id = try row.next(MessageID.self)
        let asked = try row.next(Provider.self)
        let isUnsure = try row.next(Bool.self)
        let attempts = try row.next(Int.self)
        let checks = try row.next(Int.self)
        let number = try row.next(String.self)
        let age = try row.next(Int64.self)
        let status = try row.next(Status.self)
        let provider = try row.next(Provider.self)
        let name = name(try row.next(String?.self), of: id, at: provider, for: asked)
        let validityMinutes = try row.next(Int?.self)
        let giveUpAt = try row.next(Timestamp.self)
        let names = try row.next(String?.self)?.split(separator: " ").map(String.init) ?? []
        let hasTwin = try row.next(Bool.self)
        guard let recipient = PhoneNumber(kept: number) else { return nil }
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

    /// A check, with times of the dispatcher's clock: the database only says how long ago the
    /// attempt was.
    typealias HeldCheck = @Sendable (Timestamp) -> OutboxCheck

    /// The name that the queried provider has for the message; another provider's name does not
    /// count.
    private static func name(
        _ name: String?, of id: MessageID, at provider: Provider, for asked: Provider
    ) -> String? {
        if asked.takesOurID { return provider == asked ? name : nil }
        return name == id.description ? nil : name
    }
}
