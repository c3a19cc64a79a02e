import Domain

/// Why one part of a callback is no report; the raw values are stable, operators filter by them.
enum RejectReason: String, CaseIterable {
    case missingField = "missing_field"
    case wrongType = "wrong_type"
    case duplicateKey = "duplicate_key"
    case invalidUTF8 = "invalid_utf8"
    case badMessageID = "bad_message_id"
    case badNumber = "bad_number"
    case badPrice = "bad_price"
    case badTime = "bad_time"
    case badRecipient = "bad_recipient"
    case tooLong = "too_long"

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
        case .badRecipient: "The recipient is no number in E.164, so that it names no message."
        case .tooLong: "The value is longer than its bound."
        }
    }

    /// The reject to hand on.
    ///
    /// - Parameters:
    ///   - place: where, such as `results[3].doneAt`.
    ///   - excerpt: the part as it came.
    /// - Returns: the reject, with at most 64 KiB of the part.
    func reject(at place: String, excerpt: UnsafeRawBufferPointer) -> Reject {
        // Cut before it is copied: one result may be as large as the body.
        Reject(
            reason: rawValue, place: place, detail: detail, excerpt: Array(excerpt.prefix(65_536)))
    }
}
