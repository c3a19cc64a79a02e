import Domain
import JSON

/// Plivo's record of a message, as a status callback.
///
/// A record has the content of a callback under other names, so the same parser reads it and its
/// report means the same. `message_updated_time` counts as the receipt's time if the status is one
/// that a receipt brings; a record has no other.
/// Source: Plivo's documentation, messaging/api/message, "Retrieve a message".
struct PlivoRecord {
    private let parameters: [(name: String, value: String)]

    /// - Parameter record: the JSON object; anything else makes no report.
    init(_ record: JSONValue) {
        var names = Self.names
        if let state = record["message_state"]?.text,
            Status(plivo: state).plivoTimes.contains(.deliveryReportTime)
        {
            names["message_updated_time"] = "DeliveryReportTime"
        }
        parameters = record.members.compactMap { member in
            guard !Self.dropped.contains(member.name), let value = Self.text(member.value) else {
                return nil
            }
            return (names[member.name] ?? member.name, value)
        }
    }

    /// The report under our own id; nil if the record lacks its UUID or state. An invalid value is
    /// left out.
    func report(message: MessageID) -> Report? {
        var parser = PlivoParser(
            FormReader(lenient: Array(PercentEncoding.encode(parameters).utf8)))
        return parser.report(message: message)?.polled(as: message)
    }

    private static let names = [
        "message_uuid": "MessageUUID",
        "message_state": "Status",
        "error_code": "ErrorCode",
        "from_number": "From",
        "to_number": "To",
        "units": "Units",
        "total_amount": "TotalAmount",
        "total_rate": "TotalRate",
        "mcc": "MCC",
        "mnc": "MNC",
        "message_time": "MessageTime",
        "message_sent_time": "SentTime",
        "message_type": "Type",
        "powerpack_id": "PowerpackUUID",
    ]

    /// About the request, or the message's text, which is personal data.
    private static let dropped: Set = ["api_id", "resource_uri", "text", "content", "media_urls"]

    /// A value as a callback would write it; nil for what a callback would leave out.
    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text), .number(let text): return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .null, .object, .array: return nil
        }
    }
}
