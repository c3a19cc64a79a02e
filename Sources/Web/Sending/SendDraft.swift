import JSON

/// A send request as it was written: the API's members or the command line's options.
///
/// All problems are collected, and `sendRequest` throws them at once.
package struct SendDraft: Sendable {
    /// Recipients by their place in the send request; one that is not a text is missing here and is
    /// a problem.
    var recipients: [(index: Int, text: String)] = []
    /// Whether there may be several, so that a problem names the place.
    var isList = false
    /// Whether problems name options of the command line, and not members of a request.
    private let isFromOptions: Bool
    var text: String?
    var sender: String?
    var provider: String?
    var validityMinutes: Int64?
    var sendAt: String?
    var callbackData: String?
    /// A JSON object, canonical.
    var metadata: String?
    /// A URL.
    var webhook: String?
    /// The name that the caller used for the recipients.
    var recipientsName = Member.recipients.rawValue
    var textName = Member.text.rawValue
    var problems = FieldProblems()

    /// How long delivery may be tried, in minutes.
    package static let validityLimits = 1...2880

    /// Members that were given, valid or not; they are not reported as missing.
    private var named: Set<Member> = []

    /// What a send request may have; the raw values are the API's names.
    enum Member: String, CaseIterable {
        case recipients = "to"
        case text
        case sender = "from"
        case provider
        case validityMinutes = "validity_minutes"
        case sendAt = "send_at"
        case callbackData = "callback_data"
        case metadata
        case webhook

        /// The name on the command line.
        var option: String {
            switch self {
            case .validityMinutes: "--validity"
            case .recipients, .text, .sender, .provider, .sendAt, .callbackData, .metadata,
                .webhook:
                "--" + rawValue.replacing("_", with: "-")
            }
        }

        /// By the API's name or the guides' names.
        init?(name: String) {
            switch name {
            case "recipient": self = .recipients
            case "messageBody", "message": self = .text
            default: self.init(rawValue: name)
            }
        }
    }

    /// From options of a command line; nil for those that were not given.
    package init(
        recipients: [String], text: String?, sender: String? = nil, provider: String? = nil,
        validityMinutes: Int? = nil, sendAt: String? = nil
    ) {
        self.recipients = recipients.enumerated().map { ($0.offset, $0.element) }
        isList = recipients.count > 1
        isFromOptions = true
        recipientsName = Member.recipients.option
        textName = Member.text.option
        self.text = text
        self.sender = sender
        self.provider = provider
        self.validityMinutes = validityMinutes.map(Int64.init)
        self.sendAt = sendAt
    }

    /// From a request's body.
    init(_ members: [JSONValue.Member]) {
        isFromOptions = false
        // In order, so that the same mistakes give the same answer.
        for given in members.inOrderOfNames {
            let (name, value) = (given.name, given.value)
            guard let member = Member(name: name) else {
                let known = Member.allCases.map(\.rawValue).joined(separator: ", ")
                problems.add(
                    String(name.prefix(100)), "unknown_member",
                    "There is no member of this name; known: \(known).")
                continue
            }
            guard value != .null else { continue }
            guard named.insert(member).inserted else {
                problems.add(
                    name, "given_twice",
                    "It is another name of \(member.rawValue), which the send request has too.")
                continue
            }
            read(member, name, value)
        }
    }

    /// The caller's name for a member that has one name only.
    func name(_ member: Member) -> String {
        isFromOptions ? member.option : member.rawValue
    }

    /// The caller's name for one of the recipients.
    func place(_ index: Int) -> String {
        guard isList else { return recipientsName }
        return isFromOptions
            ? "\(recipientsName) (\(index + 1) of \(recipients.count))"
            : "\(recipientsName)[\(index)]"
    }

    /// Whether a member is absent, and not just invalid.
    func isMissing(_ member: Member) -> Bool { !named.contains(member) }

    private mutating func read(_ member: Member, _ name: String, _ value: JSONValue) {
        switch member {
        case .recipients:
            recipientsName = name
            readRecipients(name, value)
        case .text:
            textName = name
            text = string(name, value)
        case .sender: sender = string(name, value)
        case .provider: provider = string(name, value)
        case .sendAt: sendAt = string(name, value)
        case .callbackData: callbackData = string(name, value)
        case .webhook: webhook = string(name, value)
        case .validityMinutes:
            guard let minutes = value.integer else {
                let what =
                    if case .number = value { "is none, or too large" } else { "is \(value.kind)" }
                return problems.add(
                    name, "wrong_type", "It must be a whole number, and \(what).")
            }
            validityMinutes = minutes
        case .metadata: readMetadata(name, value)
        }
    }

    private mutating func readRecipients(_ name: String, _ value: JSONValue) {
        guard case .array(let values) = value else {
            if let text = recipient(name, value) { recipients = [(0, text)] }
            return
        }
        isList = true
        guard !values.isEmpty else {
            return problems.add(name, "empty", "It names no recipient.")
        }
        guard values.count <= Self.recipientLimit else {
            return problems.add(
                name, "too_many",
                "It has \(values.count) recipients; a send request takes \(Self.recipientLimit).")
        }
        recipients.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            if let text = recipient("\(name)[\(index)]", value) { recipients.append((index, text)) }
        }
    }

    private mutating func recipient(_ place: String, _ value: JSONValue) -> String? {
        if case .number = value {
            problems.add(
                place, "wrong_type",
                "A phone number must be a string, as in \"+41791234567\": a JSON number has no +"
                    + " and may lose digits on its way.")
            return nil
        }
        return string(place, value)
    }

    private mutating func readMetadata(_ name: String, _ value: JSONValue) {
        guard case .object = value else {
            return problems.add(
                name, "wrong_type", "It must be an object, and is \(value.kind).")
        }
        guard !value.holdsNUL else {
            return problems.add(name, "contains_nul", "It holds a NUL character.")
        }
        let bytes = value.canonicalBytes
        guard bytes.count <= Self.metadataByteLimit else {
            return problems.add(
                name, "too_long",
                "It takes \(bytes.count) bytes; at most \(Self.metadataByteLimit) are kept.")
        }
        metadata = String(decoding: bytes, as: UTF8.self)
    }

    private mutating func string(_ place: String, _ value: JSONValue) -> String? {
        if case .string(let text) = value { return text }
        problems.add(place, "wrong_type", "It must be a string, and is \(value.kind).")
        return nil
    }

    static let recipientLimit = 1000
    static let metadataByteLimit = 8 << 10
}

extension SendDraft {
    /// The members of a send request, always in the same bytes: names resolved, members sorted,
    /// nulls removed.
    ///
    /// Only for a send request without problems, in which no member is given under two names.
    static func canonical(_ members: [JSONValue.Member]) -> [UInt8] {
        let resolved = members.filter { $0.value != .null }.map { member in
            JSONValue.Member(
                name: Member(name: member.name)?.rawValue ?? member.name, value: member.value)
        }
        return JSONValue.object(resolved).canonicalBytes
    }
}
