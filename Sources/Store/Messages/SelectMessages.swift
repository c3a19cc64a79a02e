import Domain
import Postgres

/// A message by its key, with what its sender knows of it.
///
/// For a message that is not ours PostgreSQL looks into no other table.
struct SelectMessage: Statement {
    let id: MessageID

    static let name: StaticString = "select_message"
    static let sql: StaticString = """
        select message.id, message.provider, message.provider_message_id, message.status,
            message.is_ours, message.recipient, message.sender, message.created_at,
            message.updated_at, send_request.id, send_request.segments, send_request.encoding,
            send_request.validity_minutes, send_request.send_at, send_request.callback_data,
            send_request.metadata, coalesce(outbox.attempts, tried.attempts, 0),
            last.kind, last.at, last.provider, last.attempt, last.status, last.code, last.detail,
            outbox.message_id is not null
        from message
        left join send_request on send_request.id = message.send_request_id
        left join outbox
            on outbox.message_id = case when message.send_request_id is not null then message.id end
        left join lateral (
            select max(event.attempt) as attempts from event
            where event.message_id = message.id and message.send_request_id is not null
        ) as tried on true
        left join lateral (
            select kind, at, provider, attempt, status, code, detail from event
            where event.message_id = message.id and message.send_request_id is not null
                and event.code is not null
            order by event.number desc
            limit 1
        ) as last on true
        where message.id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> MessageRow {
        try MessageRow(row)
    }
}

/// The key of a message that does not follow from the provider's id, by that id.
struct SelectMessageByProviderID: Statement {
    let provider: Provider
    let providerMessageID: String

    static let name: StaticString = "select_message_by_provider_id"
    static let sql: StaticString = """
        select id
        from message
        where provider = $1 and provider_message_id = $2 and not is_key_derived
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(providerMessageID)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> MessageID {
        try row.identifier(0)
    }
}

/// A message's row, before its deciding report is known.
struct MessageRow {
    let id: MessageID
    let provider: Provider
    let providerMessageID: String?
    let status: Status
    let isOurs: Bool
    let recipient: String?
    let sender: String?
    let createdAt: Timestamp
    let updatedAt: Timestamp
    let sending: SendDetails?
    /// Whether it has a row in the outbox.
    let isOpen: Bool

    init(_ row: borrowing RowReader) throws(PostgresError) {
        id = try row.identifier(0)
        provider = try row.provider(1)
        providerMessageID = try row.optionalText(2)
        status = try row.status(3)
        isOurs = try row.bool(4)
        recipient = try row.optionalText(5)
        sender = try row.optionalText(6)
        createdAt = Timestamp(microseconds: try row.timestamp(7))
        updatedAt = Timestamp(microseconds: try row.timestamp(8))
        sending = try row.isNull(9) ? nil : Self.sending(row, of: id)
        isOpen = try row.bool(24)
    }

    private static func sending(
        _ row: borrowing RowReader, of message: MessageID
    ) throws(PostgresError) -> SendDetails {
        SendDetails(
            sendRequest: try row.identifier(9), segments: Int(try row.int16(10)),
            encoding: Segmentation.Encoding(rawValue: try row.text(11)) ?? .ucs2,
            validityMinutes: try row.optionalInt32(12).map(Int.init),
            sendAt: try row.optionalTimestamp(13).map(Timestamp.init(microseconds:)),
            callbackData: try row.optionalText(14), metadata: try row.optionalText(15),
            attempts: Int(try row.int32(16)),
            lastProblem: try row.isNull(17) ? nil : SendEvent(row, from: 17, of: message))
    }

    /// The message with its reports, the deciding one first.
    func message(_ reports: [RecordedReport]) -> Message {
        Message(
            id: id, provider: provider, providerMessageID: providerMessageID, status: status,
            isOurs: isOurs, recipient: recipient, sender: sender, createdAt: createdAt,
            updatedAt: updatedAt, decisive: reports.first, sending: sending,
            parts: MessageParts(reports, of: status, isOurs: isOurs), isOpen: isOpen)
    }
}
