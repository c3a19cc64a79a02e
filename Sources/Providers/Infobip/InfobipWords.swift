import Domain

/// What a result's `status` or `error` object says.
struct InfobipWords {
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
    /// The first thing that cannot be used, and the member that it is in.
    private(set) var problem: (reason: RejectReason, member: String)?

    /// No words at all, as of a result without `error`.
    init() {}

    /// Reads an object that has been found to be well-formed.
    init(
        _ kind: Kind, _ bytes: ByteView, _ range: Range<Int>, limits: JSONReader.Limits
    ) throws(JSONFault) {
        var reader = JSONReader(bytes, limits: limits)
        reader.position = range.lowerBound
        var seen: Set<Member> = []
        var compactor = JSONCompactor()
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard let member = Member.allCases.first(where: { bytes.matches(key, $0.name) }),
                kind == .error || member != .permanent
            else {
                _ = reader.peek()
                let start = reader.position
                try reader.skipValue()
                if !compactor.bytes.isEmpty { compactor.append(UInt8(ascii: ",")) }
                compactor.append(key.start - 1..<key.end + 1, of: bytes)
                compactor.append(UInt8(ascii: ":"))
                compactor.append(start..<reader.position, of: bytes)
                continue
            }
            if !seen.insert(member).inserted { note(.duplicateKey, member) }
            try take(member, from: &reader)
        }
        extras = compactor.bytes
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
    }

    private mutating func note(_ reason: RejectReason, _ member: Member) {
        if problem == nil { problem = (reason, member.rawValue) }
    }

    private mutating func take(
        _ member: Member, from reader: inout JSONReader
    ) throws(JSONFault) {
        switch (reader.peek(), member) {
        case (UInt8(ascii: "n"), _):
            try reader.scanLiteral()
        case (UInt8(ascii: "\""), .groupName):
            group = reader.bytes.text(try reader.scanString()).text
        case (UInt8(ascii: "\""), .name):
            name = reader.bytes.text(try reader.scanString()).text
        case (UInt8(ascii: "\""), .description):
            description = reader.bytes.text(try reader.scanString()).text
        case (UInt8(ascii: "-"), .groupId), (UInt8(ascii: "0")...UInt8(ascii: "9"), .groupId):
            groupID = try number(.groupId, from: &reader)
        case (UInt8(ascii: "-"), .id), (UInt8(ascii: "0")...UInt8(ascii: "9"), .id):
            id = try number(.id, from: &reader)
        case (UInt8(ascii: "t"), .permanent):
            try reader.scanLiteral()
            isPermanent = true
        case (UInt8(ascii: "f"), .permanent):
            try reader.scanLiteral()
            isPermanent = false
        default:
            try reader.skipValue()
            note(.wrongType, member)
        }
    }

    private mutating func number(
        _ member: Member, from reader: inout JSONReader
    ) throws(JSONFault) -> Int32? {
        let value = reader.bytes.int32(try reader.scanNumber())
        if value == nil { note(.badNumber, member) }
        return value
    }
}

extension Outcome {
    /// Infobip's words for the status and the error, as given.
    ///
    /// There is no error code where the id is 0 or missing and the group is `OK` or missing. What
    /// is permanent is taken from the report: Infobip's own table of codes is not consistent.
    init(status: InfobipWords, error: InfobipWords) {
        let isFineGroup = error.group.map { $0.uppercased() == "OK" } ?? (error.groupID ?? 0 == 0)
        let isFine = error.id ?? 0 == 0 && isFineGroup
        self.init(
            provider: .infobip, statusGroupID: status.groupID, statusGroup: status.group,
            statusID: status.id, statusName: status.name, statusDescription: status.description,
            errorGroupID: error.groupID, errorGroup: error.group,
            errorCode: isFine ? nil : error.id.map { String($0) }, errorName: error.name,
            errorDescription: error.description, isPermanent: error.isPermanent)
    }
}
