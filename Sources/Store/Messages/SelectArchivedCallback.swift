import Domain
import Postgres

/// A callback by its id, which holds the millisecond of its receipt: that names the partition, and
/// the place in it.
struct SelectArchivedCallback: Statement {
    let id: CallbackID

    static let name: StaticString = "select_archived_callback"
    static let sql: StaticString = """
        select id, provider, uri, content_type, message_id, send_request_id, received_at, body
        from callback
        where id = $1 and received_at >= $2 and received_at < $3
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        let start = Int64(id.high >> 16) * 1000
        parameters.add(uuid: id.halves)
        parameters.add(timestamp: start)
        parameters.add(timestamp: start + 1000)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReceivedCallback {
        ReceivedCallback(
            id: try row.next(CallbackID.self), provider: try row.next(Provider.self),
            uri: try row.next(String.self), contentType: try row.next(String?.self),
            message: try row.next(MessageID?.self),
            sendRequest: try row.next(SendRequestID?.self),
            receivedAt: try row.next(Timestamp.self), body: try row.next([UInt8].self))
    }
}
