import Domain
import JSON

/// What Plivo posts of people's messages. Source: Plivo's documentation, messaging/api/message,
/// "Handle incoming messages".
enum PlivoInboundForm {
    static func fields(_ record: InboundRecord) -> [(name: String, value: String)] {
        let units = Segmentation(record.text).segments
        var fields = [
            ("From", record.from), ("To", record.to), ("MessageUUID", record.id),
            ("Units", String(units)), ("TotalRate", "0"), ("TotalAmount", "0"),
            ("PowerpackUUID", ""),
        ]
        switch record.kind {
        case .mms:
            fields += [
                ("Type", "mms"), ("Body", record.text), ("MediaCount", "1"),
                ("Media0", "https://media.example.com/\(record.id)"),
            ]
        case .click, .seen, .block, .unblock, .unknown: fields = [("Event", record.kind.rawValue)]
        default: fields += [("Type", "sms"), ("Text", record.text)]
        }
        let intents: [InboundOrder.Kind: String] = [
            .stop: "optout", .start: "optin", .help: "help",
        ]
        if record.kind.isMessage {
            fields.append(("MessageIntent", intents[record.kind] ?? ""))
        }
        return fields.map { (name: $0.0, value: $0.1) }
    }

    /// As in the list of messages. It has no text.
    static func write(_ record: InboundRecord, _ account: String, to json: inout JSONWriter) {
        json.member("message_uuid", record.id)
        json.member("message_state", record.acknowledged > 0 ? "delivered" : "received")
        json.member("error_code", String?.none)
        json.member("from_number", record.from)
        json.member("to_number", record.to)
        json.member("message_direction", "inbound")
        json.member("message_type", record.kind == .mms ? "mms" : "sms")
        json.member("message_time", record.at.plivoRecord)
        json.member("units", Segmentation(record.text).segments)
        json.member("total_rate", "0.00000")
        json.member("total_amount", "0.00000")
        json.member("resource_uri", "/v1/Account/\(account)/Message/\(record.id)/")
    }
}
