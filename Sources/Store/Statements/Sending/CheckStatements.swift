import Domain
import Postgres

/// Drops messages from the outbox that a provider has, whose check is due and whose fate is known.
struct DropSettled: Statement {
    let provider: Provider
    let now: Timestamp
    let limit: Int

    static let name: StaticString = "drop_settled"
    static let sql: StaticString = """
        with settled as materialized (
            select outbox.message_id
            from outbox
            join message on message.id = outbox.message_id
            where outbox.provider = $1 and outbox.state = 4 and outbox.state >= 3
                and outbox.due_at <= $2 and message.status = any($3::smallint[])
            order by outbox.due_at
            limit $4
            for update of outbox skip locked
        )
        delete from outbox using settled where outbox.message_id = settled.message_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(timestamp: now.microseconds)
        parameters.addInt16s(Status.allCases.filter(\.isFinal)) { $0.code }
        parameters.add(Int64(limit))
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
            returning outbox.message_id, outbox.call_id, outbox.provider, outbox.state,
                outbox.attempts, outbox.checks, outbox.recipient, outbox.attempted_at
        )
        select held.message_id, held.provider, held.state = 3, held.attempts, held.checks - 1,
            held.recipient, coalesce(held.attempted_at, send_call.accepted_at), message.status,
            message.provider, message.provider_message_id, send_call.is_pinned,
            send_call.validity_minutes, send_call.give_up_at, others.names
        from held
        join message on message.id = held.message_id
        join send_call on send_call.id = held.call_id
        left join lateral (
            select string_agg(known.provider_message_id, ' ') as names
            from (
                select their.provider_message_id
                from outbox as other
                join message as their on their.id = other.message_id
                where other.recipient = held.recipient and other.state >= 3
                    and other.message_id <> held.message_id
                    and their.provider_message_id is not null
                limit 100
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
    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> OutboxCheck? {
        guard let recipient = try? PhoneNumber(try row.text(5)) else { return nil }
        let id: MessageID = try row.identifier(0)
        let names = try row.optionalText(13)?.split(separator: " ").map(String.init) ?? []
        return OutboxCheck(
            lookUp: MessageLookUp(
                id: id, providerMessageID: try name(row, of: id), recipient: recipient,
                sentAt: Timestamp(microseconds: try row.timestamp(6)),
                otherProviderMessageIDs: Set(names)),
            isUnsure: try row.bool(2), status: try row.status(7), isPinned: try row.bool(10),
            attempts: Int(try row.int16(3)), checks: Int(try row.int32(4)),
            validityMinutes: try row.optionalInt32(11).map(Int.init),
            giveUpAt: Timestamp(microseconds: try row.timestamp(12)))
    }

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
