import Domain
import Postgres

/// All parts of a callback that are in quarantine.
struct SelectCallbackParts: Statement {
    let callback: CallbackID

    static let name: StaticString = "select_callback_parts"
    static let sql: StaticString = """
        select id, reason, place, credentials, body_bytes is not null
        from quarantine
        where callback_id = $1
        order by id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: callback.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> KeptPart {
        KeptPart(
            part: KeptCallback.Part(
                id: try row.next(Int64.self), reason: try row.next(String.self),
                place: try row.next(String.self)),
            credentials: try row.next(String?.self),
            describesCallback: try row.next(Bool.self))
    }
}

/// A part, and what its row has of the callback.
struct KeptPart: Sendable {
    let part: KeptCallback.Part
    let credentials: String?
    /// Whether the row stands for the whole callback, because the archive does not have it.
    let describesCallback: Bool
}

/// A callback that the archive does not have, if the quarantine has the whole of its body.
struct SelectQuarantinedBody: Statement {
    let callback: CallbackID

    static let name: StaticString = "select_quarantined_body"
    static let sql: StaticString = """
        select callback_id, provider, coalesce(uri, ''), content_type, message_id, send_request_id,
            received_at, excerpt
        from quarantine
        where callback_id = $1 and body_bytes = octet_length(excerpt)
        order by id
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: callback.halves)
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
