import Domain
import JSON

/// Infobip's inbound messages and blocklist events, which come to the URL of delivery reports, also
/// beside them in one callback.
///
/// They are rare beside reports, so they are read by themselves, as a value in memory.
/// Source: Infobip's OpenAPI of SMS ("receive inbound SMS") and of Blocklists; the form of an MMS is
/// that of RapidPro's courier, which receives them.
struct InfobipInbound {
    private let members: JSONValue

    /// - Parameter result: a JSON object; nil if it exceeds the bounds of a text.
    init?(_ result: UnsafeRawBufferPointer) {
        guard let members = JSONValue(Array(result)) else { return nil }
        self.members = members
    }

    /// The message; nil without a name of it, since a repetition could not be told then.
    func message() -> InboundMessage? {
        guard let name = members["messageId"]?.text, let id = Self.id(of: name) else { return nil }
        let content = content()
        return InboundMessage(
            id: id, provider: .infobip, providerMessageID: name, kind: content.kind,
            sender: members["from"]?.text.flatMap(PhoneNumberText.normalized),
            recipient: members["to"]?.text.flatMap(PhoneNumberText.normalized),
            text: content.text, keyword: members["keyword"]?.text, media: content.media,
            sentAt: members["receivedAt"]?.text.flatMap { ProviderTime.withT($0) },
            parts: members["smsCount"]?.int32.flatMap { $0 >= 0 ? $0 : nil }, price: price(),
            attributes: attributes())
    }

    /// The event; nil without a number or its direction.
    func notice() -> OptOutNotice? {
        let content = members["content"] ?? .null
        guard let word = members["event"]?.text.map(Word.normalized),
            word == "BLOCK" || word == "UNBLOCK",
            let number = (content["destination"] ?? members["destination"])?.text,
            let recipient = PhoneNumberText.normalized(number)
        else { return nil }
        let sender = content["sender"]?.text.flatMap(PhoneNumberText.normalized)
        let time = members["receivedAt"]?.text
        let kind = content["sourceType"]?.text
        let key = [
            word, recipient, sender ?? "", time ?? "", members["messageId"]?.text ?? "",
        ].joined(separator: "\n")
        let digest = MessageKey.derive(ofProviderNamed: "infobip opt-out", text: key)
        return OptOutNotice(
            id: OptOutID(high: digest.high, low: digest.low), provider: .infobip,
            recipient: recipient, sender: sender, isOut: word == "BLOCK",
            at: time.flatMap { ProviderTime.withT($0) },
            detail: [word, kind].compactMap { $0 }.joined(separator: " "))
    }

    private static func id(of name: String) -> InboundID? {
        guard !name.isEmpty, name.unicodeScalars.count <= InfobipParser.messageIDLimit else {
            return nil
        }
        let digest = MessageKey.derive(ofProviderNamed: "infobip inbound", text: name)
        return InboundID(high: digest.high, low: digest.low)
    }

    /// An MMS has a list of segments where an SMS has a text. A segment that is neither a text nor
    /// a file elsewhere is an attribute.
    private func content() -> (
        kind: InboundMessage.Kind, text: String?, media: [InboundMessage.Media]
    ) {
        guard case .array(let segments) = members["message"] ?? .null else {
            // An empty text is one, too.
            if case .string(let text) = members["text"] ?? .null { return (.sms, text, []) }
            return (.sms, (members["cleanText"] ?? members["message"])?.text, [])
        }
        var texts: [String] = []
        var media: [InboundMessage.Media] = []
        for segment in segments {
            let type = segment["contentType"]?.text
            if let url = segment["url"]?.text {
                media.append(InboundMessage.Media(url: url, type: type))
            } else if Self.isText(segment), let value = segment["value"]?.text {
                texts.append(value)
            }
        }
        return (.mms, texts.isEmpty ? nil : texts.joined(separator: "\n"), media)
    }

    private func price() -> Report.Price? {
        let price = members["price"] ?? .null
        guard let written = price["pricePerMessage"]?.text,
            let amount = DecimalText.plain(written)
        else { return nil }
        let currency = price["currency"]?.text.flatMap { code -> String? in
            let isCode = code.utf8.count == 3 && code.utf8.allSatisfy { ($0 & 0xDF) &- 65 < 26 }
            return isCode ? code.uppercased() : nil
        }
        return Report.Price(amount: amount, currency: currency)
    }

    private static func isText(_ segment: JSONValue) -> Bool {
        segment["contentType"]?.text.map { $0.lowercased().hasPrefix("text/") } ?? true
    }

    private func attributes() -> String? {
        let isRead =
            members["message"]?.elements.allSatisfy { segment in
                segment["url"]?.text != nil || Self.isText(segment)
            } ?? true
        let others = members.members.filter { member in
            !(Self.known.contains(member.name) && (member.name != "message" || isRead))
                && member.value != .null
        }
        guard !others.isEmpty else { return nil }
        let bytes = JSONValue.object(others).canonicalBytes
        guard bytes.count <= InfobipParser.attributesLimit else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Those that have a column.
    private static let known: Set = [
        "messageId", "from", "to", "text", "message", "keyword", "receivedAt", "smsCount", "price",
    ]
}

extension MessageKey {
    /// The same as `derive(ofProviderNamed:_:)` from a text.
    static func derive(ofProviderNamed provider: String, text: String) -> MessageID {
        var text = text
        return text.withUTF8 { derive(ofProviderNamed: provider, UnsafeRawBufferPointer($0)) }
    }
}
