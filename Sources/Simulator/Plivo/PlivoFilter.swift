import Domain
import JSON

/// The filter of a request for messages. Source: providers.md, B.5.
struct PlivoFilter {
    private let recipient: String?
    private let sender: String?
    private let state: String?
    private let direction: String?
    private let times: [(isRight: @Sendable (Timestamp, Timestamp) -> Bool, bound: Timestamp)]

    init(_ query: QueryReader) {
        recipient = query["to_number"].map { $0.filter { $0 != "+" && $0 != " " } }
        sender = query["from_number"]
        state = query["message_state"]
        direction = query["message_direction"]
        let comparisons: [(String, @Sendable (Timestamp, Timestamp) -> Bool)] = [
            ("message_time", { $0 == $1 }), ("message_time__gt", { $0 > $1 }),
            ("message_time__gte", { $0 >= $1 }), ("message_time__lt", { $0 < $1 }),
            ("message_time__lte", { $0 <= $1 }),
        ]
        times = comparisons.compactMap { name, isRight in
            query[name].flatMap { Timestamp(filter: $0) }.map { (isRight, $0) }
        }
    }

    /// The records to search, the newest first.
    func candidates(in book: MessageBook, limit: Int) -> [Int] {
        if let recipient { return Array(book.serials(of: recipient).prefix(limit)) }
        return book.serials.suffix(limit).reversed()
    }

    /// Whether the list is of messages from people.
    var isInbound: Bool { direction == "inbound" }

    func matches(_ record: InboundRecord) -> Bool {
        if let recipient, record.to != recipient { return false }
        if let sender, record.from != sender { return false }
        return times.allSatisfy { $0.isRight(record.at, $0.bound) }
    }

    func matches(_ record: MessageRecord) -> Bool {
        guard record.api == .plivo, direction != "inbound" else { return false }
        if let sender, record.sender != sender { return false }
        if let state, record.plivoStatus.name != state { return false }
        return times.allSatisfy { $0.isRight(record.acceptedAt, $0.bound) }
    }
}

/// A message's record. Source: providers.md, B.5.
enum PlivoRecordText {
    static func write(_ record: MessageRecord, _ account: String, to json: inout JSONWriter) {
        let status = record.plivoStatus
        let isCharged = record.stage != .accepted && status.name != "failed"
        let name = record.name.description
        json.member("message_uuid", name)
        json.member("message_state", status.name)
        json.key("error_code")
        if let code = status.errorCode {
            json.string(code)
        } else if record.stage == .done {
            json.string("000")
        } else {
            json.null()
        }
        json.member("from_number", record.sender ?? "12025550123")
        json.member("to_number", record.recipient)
        json.member("message_direction", "outbound")
        json.member("message_type", "sms")
        json.member("message_time", record.acceptedAt.plivoRecord)
        json.member("message_sent_time", ifAny: record.sentAt?.plivoRecord)
        json.member(
            "message_updated_time",
            (record.doneAt ?? record.sentAt ?? record.acceptedAt).plivoRecord)
        json.member("units", record.segments)
        json.member("total_rate", isCharged ? "0.04330" : "0.00000")
        json.member("total_amount", isCharged ? PlivoCallback.amount(record.segments) : "0.00000")
        json.member("mcc", "234")
        json.member("mnc", "15")
        json.member("destination_country_iso2", "GB")
        json.member("requester_ip", "127.0.0.1")
        json.member("resource_uri", "/v1/Account/\(account)/Message/\(name)/")
    }
}
