import Domain
import Postgres

/// A message by its key, with the report that decides it.
struct SelectMessage: Statement {
    let id: MessageID

    static let name: StaticString = "select_message"
    static let sql: StaticString = """
        select message.id, message.provider, message.provider_message_id, message.status,
            message.is_ours, message.recipient, message.sender, message.created_at,
            message.updated_at
        from message
        where message.id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: Row) throws(PostgresError) -> MessageRow {
        try MessageRow(row)
    }
}

/// A message of ours by the provider's id; every other one is found by its key.
struct SelectOwnMessage: Statement {
    let provider: Provider
    let providerMessageID: String

    static let name: StaticString = "select_own_message"
    static let sql: StaticString = """
        select message.id, message.provider, message.provider_message_id, message.status,
            message.is_ours, message.recipient, message.sender, message.created_at,
            message.updated_at
        from message
        where message.provider = $1 and message.provider_message_id = $2 and message.is_ours
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(providerMessageID)
    }

    static func decode(_ row: Row) throws(PostgresError) -> MessageRow {
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
}
