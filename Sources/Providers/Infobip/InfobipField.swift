import JSON

/// The members of a result that are known, of versions 2 and 3 of the API together.
enum InfobipField: UInt8, CaseIterable {
    case bulkId
    case messageId
    case to
    case from
    case sender
    case sentAt
    case doneAt
    case smsCount
    case messageCount
    case mccMnc
    case callbackData
    case price
    case status
    case error
    case entityId
    case applicationId
    case campaignReferenceId
    case platform

    /// The name in the JSON.
    var name: String { String(describing: self) }

    /// This field's place in a set of fields.
    @inline(__always)
    var bit: UInt32 { 1 &<< UInt32(rawValue) }

    /// The field of a key; the length distinguishes nearly all of them.
    @inline(__always)
    init?(_ key: JSONString, in bytes: ByteView) {
        guard !key.isEscaped else {
            self.init(escaped: key, in: bytes)
            return
        }
        let range = key.range
        switch range.count {
        case 2 where bytes.holds("to", in: range): self = .to
        case 4 where bytes.holds("from", in: range): self = .from
        case 5 where bytes.holds("price", in: range): self = .price
        case 5 where bytes.holds("error", in: range): self = .error
        case 6:
            switch bytes[range.lowerBound] {
            case UInt8(ascii: "b") where bytes.holds("bulkId", in: range): self = .bulkId
            case UInt8(ascii: "d") where bytes.holds("doneAt", in: range): self = .doneAt
            case UInt8(ascii: "m") where bytes.holds("mccMnc", in: range): self = .mccMnc
            case UInt8(ascii: "s") where bytes.holds("sentAt", in: range): self = .sentAt
            case UInt8(ascii: "s") where bytes.holds("status", in: range): self = .status
            case UInt8(ascii: "s") where bytes.holds("sender", in: range): self = .sender
            default: return nil
            }
        case 8 where bytes.holds("smsCount", in: range): self = .smsCount
        case 8 where bytes.holds("entityId", in: range): self = .entityId
        case 8 where bytes.holds("platform", in: range): self = .platform
        case 9 where bytes.holds("messageId", in: range): self = .messageId
        case 12 where bytes.holds("callbackData", in: range): self = .callbackData
        case 12 where bytes.holds("messageCount", in: range): self = .messageCount
        case 13 where bytes.holds("applicationId", in: range): self = .applicationId
        case 19 where bytes.holds("campaignReferenceId", in: range): self = .campaignReferenceId
        default: return nil
        }
    }

    /// Keys are never written with escapes, but JSON allows it: `"t\u006f"` is `"to"`.
    private init?(escaped key: JSONString, in bytes: ByteView) {
        let name = bytes.text(key).text
        guard let field = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = field
    }
}
