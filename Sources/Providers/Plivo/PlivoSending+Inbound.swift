package import Domain
import JSON

extension PlivoSending {
    /// As many as one answer has.
    private static let pageLimit = 20

    /// `GET …/Message/?message_direction=inbound&…`, by time, in UTC. Asking consumes nothing.
    ///
    /// Source: Plivo's documentation, messaging/api/message, "List all messages".
    package func inboundRequest(in span: Range<Timestamp>, from offset: Int) -> ProviderRequest? {
        guard inboundInterval != nil else { return nil }
        return get(
            query: PercentEncoding.encode([
                ("message_direction", "inbound"),
                ("message_time__gte", Self.filter(span.lowerBound)),
                ("message_time__lt", Self.filter(span.upperBound)),
                ("limit", String(Self.pageLimit)), ("offset", String(offset)),
            ]))
    }

    /// Reads a page; a record without a name or of another direction is left out.
    ///
    /// - Throws: `ProviderProblem` for what is no readable list.
    package func inboundPage(
        of response: ProviderResponse, from offset: Int
    ) throws(ProviderProblem) -> InboundPage {
        guard response.status == 200 else { throw PlivoRefusal(response).problem }
        guard let answer = JSONValue(response.body),
            case .array(let records)? = answer["objects"]
        else { throw .unreadableAnswer }
        let hasMore = answer["meta"]?["next"] != nil && !records.isEmpty
        return InboundPage(
            messages: records.compactMap(Self.message),
            next: hasMore ? offset + records.count : nil)
    }

    /// `yyyy-MM-dd HH:mm:ss`.
    private static func filter(_ time: Timestamp) -> String {
        let text = time.description
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    /// A record of the list, which has no text.
    private static func message(_ record: JSONValue) -> InboundMessage? {
        guard record["message_direction"]?.text == "inbound",
            let written = record["message_uuid"]?.text, !Word.isNothing(written)
        else { return nil }
        let name = Provider.plivo.canonical(written)
        let kind: InboundMessage.Kind =
            switch record["message_type"]?.text.map(Word.normalized) {
            case "SMS", nil: .sms
            case "MMS": .mms
            default: .other
            }
        return InboundMessage(
            id: PlivoInbound.id(of: name), provider: .plivo, providerMessageID: name, kind: kind,
            source: .poll, sender: record["from_number"]?.text.flatMap(PhoneNumberText.normalized),
            recipient: record["to_number"]?.text.flatMap(PhoneNumberText.normalized),
            text: record["text"]?.text,
            sentAt: record["message_time"]?.text.flatMap { ProviderTime.withSpace($0) },
            parts: record["units"]?.int32.flatMap { $0 >= 0 ? $0 : nil },
            price: record["total_amount"]?.text.flatMap(DecimalText.plain).map {
                Report.Price(amount: $0, currency: "USD")
            },
            intent: record["message_intent"]?.text.flatMap(PlivoInbound.intent))
    }
}
