import Domain
import Postgres

/// Makes PostgreSQL use indexes for the rest of the transaction, however small the tables are.
///
/// A plan that reads the whole of a small table is kept while the table grows, until the next
/// analyze. Planning each time takes longer than the look-ups.
struct PreferIndexes: Statement {
    static let name: StaticString = "prefer_indexes"
    static let sql: StaticString = "select set_config('enable_seqscan', 'off', true)"
}

/// The assumed messages of reports to send requests' URLs, and the messages with the reports'
/// names.
struct SelectSupposed: Statement {
    /// Each with a send request.
    let reports: [Report]

    static let name: StaticString = "select_supposed"
    static let sql: StaticString = """
        select id, send_request_id, provider_message_id
        from message
        where id = any($1::uuid[]) and send_request_id is not null
        union all
        select message.id, message.send_request_id, message.provider_message_id
        from unnest($2::smallint[], $3::text[]) as told (provider, name)
        join message
            on message.provider = told.provider and message.provider_message_id = told.name
        where not message.is_key_derived and message.send_request_id is not null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.message.halves }
        parameters.addInt16s(reports) { $0.provider.code }
        parameters.addTexts(reports) { $0.providerMessageID }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SupposedMessage {
        SupposedMessage(
            id: try row.next(MessageID.self), sendRequest: try row.next(SendRequestID.self),
            name: try row.next(String?.self))
    }
}

/// A message of a send request that a report may be about.
struct SupposedMessage {
    let id: MessageID
    let sendRequest: SendRequestID
    /// The provider's name; nil while unknown.
    let name: String?
}

/// All messages of send requests.
///
/// A send request's messages are of its millisecond (see `MessageKey`), so that the primary key
/// finds them.
struct SelectSendRequestMessages: Statement {
    let sendRequests: [SendRequestID]

    static let name: StaticString = "select_send_request_messages"
    static let sql: StaticString = """
        select message.send_request_id, message.id, message.provider, message.status, message.recipient,
            message.provider_message_id
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as wanted (send_request_id, first_id, last_id)
        join message
            on message.id between wanted.first_id and wanted.last_id
            and message.send_request_id = wanted.send_request_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(sendRequests) { $0.halves }
        parameters.addUUIDs(sendRequests) { ($0.high & 0xFFFF_FFFF_FFFF_0000, 0) }
        parameters.addUUIDs(sendRequests) { ($0.high | 0xFFFF, .max) }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (sendRequest: SendRequestID, member: SendRequestMessages.Member) {
        (
            try row.next(SendRequestID.self),
            SendRequestMessages.Member(
                id: try row.next(MessageID.self), provider: try row.next(Provider.self),
                status: try row.next(Status.self), recipient: try row.next(String?.self) ?? "",
                name: try row.next(String?.self))
        )
    }
}
