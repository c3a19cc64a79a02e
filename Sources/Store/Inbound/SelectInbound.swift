import Domain
import Postgres

/// The messages from people that a filter finds, the latest first. Planned for each filter: see
/// `PlanAnew`.
struct SelectInbound: Statement {
    let filter: InboundFilter
    let before: InboundPosition?
    let limit: Int

    static let name: StaticString = "select_inbound"
    static let sql: StaticString = """
        select id, provider, provider_message_id, kind, source, callback_id, at, received_at,
            sent_at, sender, recipient, body, keyword, array_to_string(media, E'\\n'),
            array_to_string(media_types, E'\\n'), parts, price::text, currency, intent,
            attributes::text, message_id
        from inbound
        where ($1::smallint is null or provider = $1)
            and ($2::smallint is null or kind = $2)
            and ($3::text is null or sender = $3)
            and ($4::text is null or ltrim(recipient, '+') = ltrim($4, '+'))
            and ($5::timestamptz is null or at >= $5)
            and ($6::timestamptz is null or at < $6)
            and ($7::text is null or sender like '%' || $7 || '%'
                or recipient like '%' || $7 || '%'
                or to_tsvector('simple', coalesce(body, '')) @@ to_tsquery('simple', $8))
            and ($7 is not null or $8::text is null
                or to_tsvector('simple', coalesce(body, '')) @@ to_tsquery('simple', $8))
            and ($9::text is null or position($9 in body) > 0)
            and ($10::timestamptz is null or (at, id) < ($10, $11::uuid))
        order by at desc, id desc
        limit $12
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(filter.provider?.code)
        parameters.add(filter.kind?.rawValue)
        parameters.add(filter.sender)
        parameters.add(filter.recipient)
        parameters.add(timestamp: filter.since?.microseconds)
        parameters.add(timestamp: filter.until?.microseconds)
        parameters.add(filter.text?.digits)
        parameters.add(filter.text?.words)
        parameters.add(filter.text?.part)
        parameters.add(timestamp: before?.at.microseconds)
        parameters.add(uuid: before?.id.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredInbound {
        try row.nextInbound()
    }
}

/// Some of them by their ids.
struct SelectSomeInbound: Statement {
    let ids: [InboundID]

    static let name: StaticString = "select_some_inbound"
    static let sql: StaticString = """
        select id, provider, provider_message_id, kind, source, callback_id, at, received_at,
            sent_at, sender, recipient, body, keyword, array_to_string(media, E'\\n'),
            array_to_string(media_types, E'\\n'), parts, price::text, currency, intent,
            attributes::text, message_id
        from inbound
        where id = any($1::uuid[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredInbound {
        try row.nextInbound()
    }
}

/// Those of some ids that are stored.
struct SelectKnownInbound: Statement {
    let ids: [InboundID]

    static let name: StaticString = "select_known_inbound"
    static let sql: StaticString = "select id from inbound where id = any($1::uuid[])"

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> InboundID {
        try row.next(InboundID.self)
    }
}

/// The latest messages to a number, with their texts where they are ours.
///
/// The condition stands alone, so that the planner has no other index to choose than that of numbers.
struct SelectConversation: Statement {
    let number: String
    let before: Timestamp?
    let limit: Int

    static let name: StaticString = "select_conversation"
    static let sql: StaticString = """
        with found as materialized (
            select id, provider, created_at, status, sender, send_request_id
            from message
            where recipient = $1
        )
        select found.id, found.provider, found.created_at, found.status, found.sender,
            send_request.body
        from found
        left join send_request on send_request.id = found.send_request_id
        where $2::timestamptz is null or found.created_at < $2
        order by found.created_at desc, found.id desc
        limit $3
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(timestamp: before?.microseconds)
        parameters.add(Int64(limit))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> ConversationEntry.SentMessage {
        let id = try row.next(MessageID.self)
        let provider = try row.next(Provider.self)
        let at = try row.next(Timestamp.self)
        let status = try row.next(Status.self)
        let sender = try row.next(String?.self)
        let text = try row.next(String?.self)
        return ConversationEntry.SentMessage(
            id: id, provider: provider, at: at, status: status, sender: sender,
            text: text.flatMap { $0.isEmpty ? nil : $0 })
    }
}

extension RowReader {
    /// The columns of these statements.
    mutating func nextInbound() throws(PostgresError) -> StoredInbound {
        let id = try next(InboundID.self)
        let provider = try next(Provider.self)
        let name = try next(String.self)
        let kind = InboundMessage.Kind(rawValue: try next(Int16.self)) ?? .other
        let source = Report.Source(rawValue: try next(Int16.self)) ?? .callback
        let callback = try next(CallbackID.self)
        let at = try next(Timestamp.self)
        let receivedAt = try next(Timestamp.self)
        let sentAt = try next(Timestamp?.self)
        let sender = try next(String?.self)
        let recipient = try next(String?.self)
        let text = try next(String?.self)
        let keyword = try next(String?.self)
        let media = InboundMessage.Media.list(
            urls: try next(String?.self), types: try next(String?.self))
        let parts = try next(Int32?.self)
        let amount = try next(String?.self)
        let currency = try next(String?.self)
        let intent = try next(Int16?.self).flatMap { InboundMessage.Intent(rawValue: $0) }
        let attributes = try next(String?.self)
        let message = InboundMessage(
            id: id, provider: provider, providerMessageID: name, kind: kind, source: source,
            sender: sender, recipient: recipient, text: text, keyword: keyword, media: media,
            sentAt: sentAt, parts: parts,
            price: amount.map { Report.Price(amount: $0, currency: currency) }, intent: intent,
            attributes: attributes)
        return StoredInbound(
            message: message, at: at, receivedAt: receivedAt, callback: callback,
            answered: try next(MessageID?.self))
    }
}

extension InboundMessage.Media {
    /// One for each line.
    fileprivate static func list(urls: String?, types: String?) -> [Self] {
        guard let urls else { return [] }
        func lines(_ text: String) -> [Substring] {
            text.split(separator: "\n", omittingEmptySubsequences: false)
        }
        let types = lines(types ?? "")
        return lines(urls).enumerated().map { index, url in
            let type = index < types.count && types[index] != "-" ? String(types[index]) : nil
            return InboundMessage.Media(url: String(url), type: type)
        }
    }
}
