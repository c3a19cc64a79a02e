import Domain
import Postgres

/// Stores callbacks as they came.
struct ArchiveCallbacks: Statement {
    let callbacks: [ReceivedCallback]

    static let name: StaticString = "archive_callbacks"
    static let sql: StaticString = """
        insert into callback (
            id, received_at, provider, uri, body, content_type, message_id, send_request_id)
        select id, received_at, provider, uri, body, content_type, message_id, send_request_id
        from (
            select unnest($1::uuid[]) as id, unnest($2::timestamptz[]) as received_at,
                unnest($3::smallint[]) as provider, unnest($4::text[]) as uri,
                unnest($5::bytea[]) as body, unnest($6::text[]) as content_type,
                unnest($7::uuid[]) as message_id, unnest($8::uuid[]) as send_request_id
        ) as new
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(callbacks) { $0.id.halves }
        parameters.addTimestamps(callbacks) { $0.receivedAt.microseconds }
        parameters.addInt16s(callbacks) { $0.provider.code }
        parameters.addTexts(callbacks) { $0.uri }
        parameters.addBytes(callbacks) { $0.body }
        parameters.addTexts(callbacks) { $0.contentType }
        parameters.addUUIDs(callbacks) { $0.message?.halves }
        parameters.addUUIDs(callbacks) { $0.sendRequest?.halves }
    }
}

/// Reads a callback back, to be parsed again.
struct SelectCallback: Statement {
    let id: CallbackID
    /// The callback's own time; it names the partition.
    let receivedAt: Timestamp

    static let name: StaticString = "select_callback"
    static let sql: StaticString = """
        select id, provider, uri, content_type, message_id, send_request_id, received_at, body
        from callback
        where id = $1 and received_at = $2
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(timestamp: receivedAt.microseconds)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReceivedCallback {
        ReceivedCallback(
            id: try row.next(CallbackID.self), provider: try row.next(Provider.self),
            uri: try row.next(String.self),
            contentType: try row.next(String?.self),
            message: try row.next(MessageID?.self),
            sendRequest: try row.next(SendRequestID?.self),
            receivedAt: try row.next(Timestamp.self), body: try row.next([UInt8].self))
    }
}
