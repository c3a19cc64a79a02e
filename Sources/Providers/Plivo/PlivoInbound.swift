import Domain
import JSON

/// A message that somebody sent to a number at Plivo: a form without `Status`.
///
/// Source: Plivo's documentation, messaging/api/message, "Handle incoming messages".
struct PlivoInbound {
    private let form: FormReader
    /// Of a parameter that came twice the first value; which ones that were.
    private var values: [ExactName: Range<Int>] = [:]
    private var repeated: Set<ExactName> = []
    private var names: [String] = []

    init(_ form: FormReader) {
        self.form = form
        for (index, pair) in form.pairs.enumerated() {
            var name = form.text(pair.name)
            // A byte order mark before the form does not belong to the first name.
            if index == 0, name.unicodeScalars.first == "\u{FEFF}" {
                name = String(name.unicodeScalars.dropFirst())
            }
            let key = ExactName(name)
            if values[key] == nil {
                values[key] = pair.value
                names.append(name)
            } else {
                repeated.insert(key)
            }
        }
    }

    /// The message; nil without one certain name of it, since a repetition could not be told then.
    func message() -> InboundMessage? {
        guard !repeated.contains(ExactName("MessageUUID")), let written = value("MessageUUID"),
            written.unicodeScalars.count <= 200, !Word.isNothing(written)
        else { return nil }
        let name = Provider.plivo.canonical(written)
        let media = media()
        return InboundMessage(
            id: Self.id(of: name), provider: .plivo, providerMessageID: name,
            kind: kind(hasMedia: !media.isEmpty),
            sender: value("From").flatMap(PhoneNumberText.normalized),
            recipient: value("To").flatMap(PhoneNumberText.normalized),
            text: text("Text") ?? text("Body"), media: media,
            sentAt: value("MessageTime").flatMap { ProviderTime.withSpace($0) },
            parts: value("Units").flatMap { Int32($0) }.flatMap { $0 >= 0 ? $0 : nil },
            price: value("TotalAmount").flatMap(DecimalText.plain).map {
                // Plivo bills in US dollars and does not say so in the callback.
                Report.Price(amount: $0, currency: "USD")
            },
            intent: intent(), attributes: attributes())
    }

    /// The key of a message by its UUID in the canonical spelling.
    static func id(of name: String) -> InboundID {
        let digest = MessageKey.derive(ofProviderNamed: "plivo inbound", text: name)
        return InboundID(high: digest.high, low: digest.low)
    }

    /// What `MessageIntent` says; nil for none.
    static func intent(_ word: String) -> InboundMessage.Intent? {
        switch Word.normalized(word) {
        case "OPTOUT", "OPT-OUT", "STOP": .optOut
        case "OPTIN", "OPT-IN", "START": .optIn
        case "HELP": .help
        default: nil
        }
    }

    /// A value without blanks around it; nil for an empty one.
    private func value(_ name: String) -> String? {
        guard let range = values[ExactName(name)] else { return nil }
        let trimmed = form.decoded.withUnsafeBytes { ByteView($0).trimmed(range) }
        return trimmed.isEmpty ? nil : clean(trimmed)
    }

    /// A value as it is; nil if it did not come.
    private func text(_ name: String) -> String? { values[ExactName(name)].map(clean) }

    /// A text without what PostgreSQL cannot hold.
    private func clean(_ range: Range<Int>) -> String {
        let text = form.text(range)
        guard text.utf8.contains(0) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    private func kind(hasMedia: Bool) -> InboundMessage.Kind {
        switch value("Type").map(Word.normalized) {
        case "SMS", nil: hasMedia ? .mms : .sms
        case "MMS": .mms
        default: .other
        }
    }

    private func intent() -> InboundMessage.Intent? {
        value("MessageIntent").flatMap(Self.intent)
    }

    /// `Media0`, `Media1` and so on, in the order of their numbers.
    private func media() -> [InboundMessage.Media] {
        let type = value("ContentType") ?? value("MimeType")
        return names.compactMap { name -> (Int, String)? in
            guard let number = Self.mediaNumber(name), let url = value(name) else { return nil }
            return (number, url)
        }
        .sorted { $0.0 < $1.0 }.map { InboundMessage.Media(url: $0.1, type: type) }
    }

    private static func mediaNumber(_ name: String) -> Int? {
        guard name.hasPrefix("Media") else { return nil }
        let digits = name.dropFirst("Media".count)
        return digits.utf8.allSatisfy { ByteView.isDigit($0) } ? Int(digits) : nil
    }

    private func attributes() -> String? {
        let others = names.filter { name in
            !name.isEmpty && !Self.known.contains(name) && Self.mediaNumber(name) == nil
        }
        guard !others.isEmpty else { return nil }
        var json = JSONWriter(.withoutNUL)
        json.object { json in
            for name in others { json.member(name, text(name)) }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// Those that have a column.
    private static let known: Set = [
        "MessageUUID", "From", "To", "Text", "Body", "Type", "MessageTime", "Units", "TotalAmount",
        "MessageIntent",
    ]
}
