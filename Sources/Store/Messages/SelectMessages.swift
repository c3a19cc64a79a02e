import Domain
import Postgres

/// A message by its key, with the details of a message that we sent.
///
/// For other messages PostgreSQL reads no other table.
struct SelectMessage: Statement {
    let id: MessageID

    static let name: StaticString = "select_message"
    static let sql: StaticString = """
        select message.id, message.provider, message.provider_message_id, message.status,
            message.is_ours, message.recipient, message.sender, message.created_at,
            message.updated_at, send_request.id, send_request.segments, send_request.encoding,
            send_request.validity_minutes, send_request.send_at, send_request.callback_data,
            send_request.metadata, send_request.body, send_request.submitter_kind,
            send_request.submitter_id, send_request.submitter_name, coalesce(outbox.attempts, tried.attempts, 0),
            last.kind, last.at, last.provider, last.attempt, last.status, last.code, last.detail,
            outbox.message_id is not null, message.country
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

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageRow {
        try MessageRow(&row)
    }
}

/// Messages by their keys, in the order of these, with the same details but without their texts.
struct SelectListedMessages: Statement {
    let ids: [MessageID]

    static let name: StaticString = "select_listed_messages"
    static let sql: StaticString = """
        select message.id, message.provider, message.provider_message_id, message.status,
            message.is_ours, message.recipient, message.sender, message.created_at,
            message.updated_at, send_request.id, send_request.segments, send_request.encoding,
            send_request.validity_minutes, send_request.send_at, send_request.callback_data,
            send_request.metadata, null::text, send_request.submitter_kind,
            send_request.submitter_id, send_request.submitter_name, coalesce(outbox.attempts, tried.attempts, 0),
            last.kind, last.at, last.provider, last.attempt, last.status, last.code, last.detail,
            outbox.message_id is not null, message.country
        from unnest($1::uuid[]) with ordinality as listed (id, place)
        join message on message.id = listed.id
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
        order by listed.place
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageRow {
        try MessageRow(&row)
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

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
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
    let country: String?

    init(_ row: inout RowReader) throws(PostgresError) {
        id = try row.next(MessageID.self)
        provider = try row.next(Provider.self)
        providerMessageID = try row.next(String?.self)
        status = try row.next(Status.self)
        isOurs = try row.next(Bool.self)
        recipient = try row.next(String?.self)
        sender = try row.next(String?.self)
        createdAt = try row.next(Timestamp.self)
        updatedAt = try row.next(Timestamp.self)
        sending = try row.nextDetails(of: id)
        isOpen = try row.next(Bool.self)
        country = try row.next(String?.self)
    }

    /// The message with its reports, the deciding one first.
    func message(_ reports: [RecordedReport]) -> Message {
        Message(
            id: id, provider: provider, providerMessageID: providerMessageID, status: status,
            isOurs: isOurs, recipient: recipient, sender: sender, createdAt: createdAt,
            updatedAt: updatedAt, decisive: reports.first, sending: sending,
            parts: MessageParts(reports, of: status, isOurs: isOurs), isOpen: isOpen,
            country: country)
    }
}

extension RowReader {
    /// The details of a message that we sent; nil for others.
    fileprivate mutating func nextDetails(
        of message: MessageID
    ) throws(PostgresError) -> SendDetails? {
        let sendRequest = try next(SendRequestID?.self)
        let segments = try next(Int?.self)
        let encoding = try next(String?.self)
        let validityMinutes = try next(Int?.self)
        let sendAt = try next(Timestamp?.self)
        let callbackData = try next(String?.self)
        let metadata = try next(String?.self)
        let text = try next(String?.self)
        let submitter = try nextSubmitter()
        let attempts = try next(Int.self)
        let lastProblem = try nextEvent(of: message)
        guard let sendRequest, let segments else { return nil }
        return SendDetails(
            sendRequest: sendRequest, submitter: submitter, segments: segments,
            encoding: encoding.flatMap(Segmentation.Encoding.init(rawValue:)) ?? .ucs2,
            validityMinutes: validityMinutes, sendAt: sendAt, callbackData: callbackData,
            metadata: metadata, text: text, attempts: attempts, lastProblem: lastProblem)
    }

    /// Nil if it was not recorded, and for a kind that only a later version knows.
    private mutating func nextSubmitter() throws(PostgresError) -> Submitter? {
        let kind = try next(String?.self).flatMap(PrincipalID.Kind.init(rawValue:))
        let uuid = try next(Identifier<Principal>?.self)
        let name = try next(String?.self)
        guard let kind, let uuid, let name else { return nil }
        return Submitter(id: PrincipalID(kind, uuid), name: name)
    }
}
