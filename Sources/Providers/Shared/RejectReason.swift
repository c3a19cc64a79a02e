import Domain
import JSON

/// Why one part of a callback is neither a report nor a message; the raw values are stable, because operators filter
/// by them.
enum RejectReason: String, CaseIterable {
    case missingField = "missing_field"
    case wrongType = "wrong_type"
    case duplicateKey = "duplicate_key"
    case invalidUTF8 = "invalid_utf8"
    case badMessageID = "bad_message_id"
    case badNumber = "bad_number"
    case badPrice = "bad_price"
    case badTime = "bad_time"
    case tooLong = "too_long"
    case tooDeep = "too_deep"
    /// A provider's event about something else than a delivery.
    case click
    case seen
    case inboundMessage = "inbound_message"
    case blocklistEvent = "blocklist_event"
    case notAReport = "not_a_report"

    /// One sentence for people; the place says where.
    var detail: String {
        switch self {
        case .missingField: "A field is missing without which this is no delivery report."
        case .wrongType: "The value is of another type than the provider documents."
        case .duplicateKey: "The same name is given twice, so that it has no one value."
        case .invalidUTF8: "The text holds bytes that are no UTF-8."
        case .badMessageID:
            "A message id must not be empty nor hold NUL or half of a surrogate pair."
        case .badNumber: "The number is no integer, or is out of its range."
        case .badPrice: "The price needs more than 18 digits before or after the point."
        case .badTime: "The time is not in the provider's form, or there is no such moment."
        case .tooLong: "The value is longer than its bound."
        case .tooDeep: "The value nests deeper than is read."
        case .click: "Somebody opened a link of a message."
        case .seen: "Somebody has seen a message."
        case .inboundMessage: "A message came in without a name of it, so it is not stored."
        case .blocklistEvent:
            "A number was blocked or unblocked, and it does not say which, or which of both."
        case .notAReport: "This is no delivery report, nor anything else that is known."
        }
    }

    /// The reason that a flaw in the JSON text is.
    init(_ flaw: JSONFault) {
        switch flaw.code {
        case .tooDeep: self = .tooDeep
        case .invalidUTF8: self = .invalidUTF8
        default: self = .tooLong
        }
    }

    /// Whether it is about something else than a delivery, so that no report is lost by it.
    private var isOtherEvent: Bool {
        switch self {
        case .click, .seen, .blocklistEvent, .notAReport: true
        default: false
        }
    }

    /// The reject to hand on.
    ///
    /// - Parameters:
    ///   - place: where, such as `results[3].status`.
    ///   - excerpt: the part as it came.
    /// - Returns: the reject, with at most 64 KiB of the part.
    func reject(at place: String, excerpt: UnsafeRawBufferPointer) -> Reject {
        // Cut before it is copied: one result may be as large as the body.
        Reject(
            reason: rawValue, place: place, detail: detail, excerpt: Array(excerpt.prefix(65_536)),
            cost: isOtherEvent ? .nothing : .report)
    }
}
