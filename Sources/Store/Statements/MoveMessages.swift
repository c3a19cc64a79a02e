import Domain
import Postgres

/// Moves messages to the status of their new deciding report, and adds those that are unknown.
///
/// The rows must be distinct and ordered by message. The `where` is all that SQL knows of
/// precedence.
///
/// `is_key_derived` is about the provider's id beside it, so that a report that decides nothing
/// leaves both. Once false it stays: the index then has a row too many and never one too few.
struct MoveMessages: Statement {
    let decisive: [WriteBatch.ReportRow]

    static let name: StaticString = "move_messages"
    static let sql: StaticString = """
        insert into message as known (
            id, precedence, fingerprint, created_at, updated_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender)
        select id, precedence, fingerprint, received_at, received_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender
        from unnest(
            $1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::smallint[],
            $6::smallint[], $7::text[], $8::boolean[], $9::text[], $10::text[]
        ) as new (
            id, precedence, fingerprint, received_at, provider, status, provider_message_id,
            is_key_derived, recipient, sender)
        on conflict (id) do update set
            precedence = excluded.precedence,
            fingerprint = excluded.fingerprint,
            updated_at = excluded.updated_at,
            provider = case when known.is_ours then known.provider else excluded.provider end,
            status = excluded.status,
            provider_message_id = excluded.provider_message_id,
            is_key_derived = known.is_key_derived and excluded.is_key_derived,
            recipient = case when known.is_ours then known.recipient else excluded.recipient end,
            sender = case when known.is_ours then known.sender else excluded.sender end
        where (known.precedence, known.fingerprint) < (excluded.precedence, excluded.fingerprint)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addMessages(decisive)
    }
}

/// The same for messages that are taken to be unknown: a known one fails on `message_pkey`.
struct AddNewMessages: Statement {
    let decisive: [WriteBatch.ReportRow]

    static let name: StaticString = "add_new_messages"
    static let sql: StaticString = """
        insert into message (
            id, precedence, fingerprint, created_at, updated_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender)
        select id, precedence, fingerprint, received_at, received_at, provider, status,
            provider_message_id, is_key_derived, recipient, sender
        from unnest(
            $1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::smallint[],
            $6::smallint[], $7::text[], $8::boolean[], $9::text[], $10::text[]
        ) as new (
            id, precedence, fingerprint, received_at, provider, status, provider_message_id,
            is_key_derived, recipient, sender)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addMessages(decisive)
    }
}

extension StatementParameters {
    fileprivate mutating func addMessages(_ decisive: [WriteBatch.ReportRow]) {
        addUUIDs(decisive) { $0.report.message.halves }
        addInt64s(decisive) { $0.report.precedence.rawValue }
        addInt64s(decisive) { $0.report.fingerprint }
        addTimestamps(decisive) { $0.receivedAt.microseconds }
        addInt16s(decisive) { $0.report.provider.code }
        addInt16s(decisive) { $0.report.status.code }
        addTexts(decisive) { $0.report.providerMessageID }
        addBools(decisive) { $0.report.isKeyDerived }
        addTexts(decisive) { $0.report.recipient }
        addTexts(decisive) { $0.report.sender }
    }
}
