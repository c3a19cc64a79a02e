import Domain
import Postgres

/// Has the rest of the transaction find rows by indexes, however small the tables are.
///
/// A plan that reads the whole of a small table is kept while the table grows, until the next
/// analyze. Making a new plan each time takes longer than the look-ups.
struct PreferIndexes: Statement {
    static let name: StaticString = "prefer_indexes"
    static let sql: StaticString = "select set_config('enable_seqscan', 'off', true)"
}

/// Those messages of calls that reports are supposed to be about, and those that have the reports'
/// names of them.
struct SelectSupposed: Statement {
    /// Each with a call.
    let reports: [Report]

    static let name: StaticString = "select_supposed"
    static let sql: StaticString = """
        select id, call_id, provider_message_id
        from message
        where id = any($1::uuid[]) and call_id is not null
        union all
        select message.id, message.call_id, message.provider_message_id
        from unnest($2::smallint[], $3::text[]) as told (provider, name)
        join message
            on message.provider = told.provider and message.provider_message_id = told.name
        where not message.is_key_derived and message.call_id is not null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.message.halves }
        parameters.addInt16s(reports) { $0.provider.code }
        parameters.addTexts(reports) { $0.providerMessageID }
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> SupposedMessage {
        SupposedMessage(
            id: try row.identifier(0), call: try row.identifier(1),
            name: try row.optionalText(2))
    }
}

/// A message of a call that a report may be about.
struct SupposedMessage {
    let id: MessageID
    let call: CallID
    /// The provider's; nil if it was not told yet.
    let name: String?
}

/// All messages of calls.
///
/// A call's messages are of its millisecond (see `MessageKey`), so that the primary key finds them.
struct SelectCallMessages: Statement {
    let calls: [CallID]

    static let name: StaticString = "select_call_messages"
    static let sql: StaticString = """
        select message.call_id, message.id, message.provider, message.status, message.recipient,
            message.provider_message_id
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as wanted (call_id, first_id, last_id)
        join message
            on message.id between wanted.first_id and wanted.last_id
            and message.call_id = wanted.call_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(calls) { $0.halves }
        parameters.addUUIDs(calls) { ($0.high & 0xFFFF_FFFF_FFFF_0000, 0) }
        parameters.addUUIDs(calls) { ($0.high | 0xFFFF, .max) }
    }

    static func decode(
        _ row: borrowing RowReader
    ) throws(PostgresError) -> (call: CallID, member: CallMessages.Member) {
        (
            try row.identifier(0),
            CallMessages.Member(
                id: try row.identifier(1), provider: try row.provider(2),
                status: try row.status(3), recipient: try row.optionalText(4) ?? "",
                name: try row.optionalText(5))
        )
    }
}
