import Domain
import JSON

/// The content of a result's `status` or `error` object.
struct InfobipStatusText {
    /// Which of the two objects.
    enum Kind: String {
        case status
        case error
    }

    private(set) var groupID: Int32?
    private(set) var group: String?
    private(set) var id: Int32?
    private(set) var name: String?
    private(set) var description: String?
    private(set) var isPermanent: Bool?
    /// The members that none of the above holds, such as `action`, as `"name":value,…`.
    private(set) var extras: [UInt8] = []
    /// Members that cannot be used, with the path inside of the result.
    private(set) var oddities: [Oddity] = []
    /// A member that came twice although it decides which status this is.
    private(set) var contradiction: Oddity?

    /// No provider status at all, as of a result without `error`.
    init() {}

    /// Reads an object that has been found to be well-formed.
    init(
        _ kind: Kind, _ bytes: ByteView, _ range: Range<Int>, limits: JSONReader.Limits
    ) throws(JSONFault) {
        var reader = JSONReader(bytes, limits: limits)
        reader.position = range.lowerBound
        var seen: Set<Member> = []
        // Members without the braces around them.
        var others = JSONWriter(.withoutNUL)
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard let member = Member.allCases.first(where: { bytes.matches(key, $0.name) }),
                kind == .error || member != .permanent
            else {
                _ = reader.peek()
                let start = reader.position
                try reader.skipValue()
                if reader.flaw != nil {
                    reader.flaw = nil
                    note(Oddity(.invalidUTF8, kind.rawValue))
                    continue
                }
                others.key(copying: key.start - 1..<key.end + 1, of: bytes)
                others.value(copying: start..<reader.position, of: bytes)
                continue
            }
            let path = "\(kind.rawValue).\(member.rawValue)"
            guard seen.insert(member).inserted else {
                try reader.skipValue()
                drop(member)
                note(Oddity(.duplicateKey, path))
                if kind == .status, member.isDecisive, contradiction == nil {
                    contradiction = Oddity(.duplicateKey, path)
                }
                continue
            }
            if let reason = try take(member, from: &reader) { note(Oddity(reason, path)) }
        }
        extras = others.bytes
    }

    private enum Member: String, CaseIterable {
        case groupId
        case groupName
        case id
        case name
        case description
        case permanent

        var name: StaticString {
            switch self {
            case .groupId: "groupId"
            case .groupName: "groupName"
            case .id: "id"
            case .name: "name"
            case .description: "description"
            case .permanent: "permanent"
            }
        }

        var isDecisive: Bool { self == .groupId || self == .groupName || self == .id }
    }

    private mutating func note(_ oddity: Oddity) {
        if !oddities.contains(oddity) { oddities.append(oddity) }
    }

    private mutating func drop(_ member: Member) {
        switch member {
        case .groupId: groupID = nil
        case .groupName: group = nil
        case .id: id = nil
        case .name: name = nil
        case .description: description = nil
        case .permanent: isPermanent = nil
        }
    }

    /// Reads a member's value, also from a text; or records why it cannot be used.
    private mutating func take(
        _ member: Member, from reader: inout JSONReader
    ) throws(JSONFault) -> RejectReason? {
        let byte = reader.peek()
        let string: JSONString
        switch byte {
        case UInt8(ascii: "\""): string = try reader.scanString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            string = try reader.scanNumber()
        case UInt8(ascii: "n"):
            try reader.scanLiteral()
            return nil
        case UInt8(ascii: "t") where member == .permanent,
            UInt8(ascii: "f") where member == .permanent:
            try reader.scanLiteral()
            isPermanent = byte == UInt8(ascii: "t")
            return nil
        default:
            try reader.skipValue()
            return .wrongType
        }
        guard reader.flaw == nil else {
            reader.flaw = nil
            return .invalidUTF8
        }
        return take(member, reader.bytes.text(string).text)
    }

    private mutating func take(_ member: Member, _ text: String) -> RejectReason? {
        switch member {
        case .groupName: group = text
        case .name: name = text
        case .description: description = text
        case .groupId, .id:
            guard let number = Self.number(text) else { return .badNumber }
            if member == .id { id = number } else { groupID = number }
        case .permanent:
            switch Word.normalized(text) {
            case "TRUE": isPermanent = true
            case "FALSE": isPermanent = false
            default: return .wrongType
            }
        }
        return nil
    }

    private static func number(_ text: String) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            let view = ByteView(UnsafeRawBufferPointer(bytes))
            return view.integer(view.trimmed(0..<bytes.count)).flatMap { Int32(exactly: $0) }
        }
    }
}

extension Outcome {
    /// The provider status and error, as Infobip gave them.
    ///
    /// There is no error code where the id is 0 or missing and the group is `OK` or missing. What
    /// is permanent is taken from the report: Infobip's own table of codes is not consistent.
    convenience init(status: InfobipStatusText, error: InfobipStatusText) {
        let isFineGroup =
            error.group.map { Word.normalized($0) == "OK" } ?? (error.groupID ?? 0 == 0)
        let isFine = error.id ?? 0 == 0 && isFineGroup
        self.init(
            provider: .infobip, statusGroupID: status.groupID, statusGroup: status.group,
            statusID: status.id, statusName: status.name, statusDescription: status.description,
            errorGroupID: error.groupID, errorGroup: error.group,
            errorCode: isFine ? nil : error.id.map { String($0) }, errorName: error.name,
            errorDescription: error.description, isPermanent: error.isPermanent)
    }
}
