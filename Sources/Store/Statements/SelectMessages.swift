import Domain
import Postgres

/// A message by its key.
struct SelectMessage: Statement {
    let id: MessageID

    static let name: StaticString = "select_message"
    static let sql: StaticString = """
        select id, provider, provider_message_id, status, is_ours, recipient, sender, created_at,
            updated_at
        from message
        where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> MessageRow {
        try MessageRow(row)
    }
}

/// A message whose key does not follow from the provider's id, by that id.
struct SelectMessageByProviderID: Statement {
    let provider: Provider
    let providerMessageID: String

    static let name: StaticString = "select_message_by_provider_id"
    static let sql: StaticString = """
        select id, provider, provider_message_id, status, is_ours, recipient, sender, created_at,
            updated_at
        from message
        where provider = $1 and provider_message_id = $2 and not is_key_derived
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(providerMessageID)
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> MessageRow {
        try MessageRow(row)
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
    }

    /// The message with the report that decides it.
    func message(decisive: RecordedReport?) -> Message {
        Message(
            id: id, provider: provider, providerMessageID: providerMessageID, status: status,
            isOurs: isOurs, recipient: recipient, sender: sender, createdAt: createdAt,
            updatedAt: updatedAt, decisive: decisive)
    }
}
