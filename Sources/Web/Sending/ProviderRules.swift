import Domain

/// What a provider refuses though others accept it, as far as that is known before sending.
///
/// Checked where the send request names the provider. Another one that takes over later refuses by
/// itself what it does not accept.
struct ProviderRules {
    typealias Problem = (code: String, detail: String)

    private let traits: ProviderTraits

    init(_ traits: ProviderTraits) {
        self.traits = traits
    }

    /// A recipient's number, or a sender's.
    func problem(with number: PhoneNumber) -> Problem? {
        let count = number.digits.utf8.count
        guard let limit = traits.limits.numberDigits, count > limit else { return nil }
        return (
            tooLong, "It has \(count) digits with its country code; \(traits.title) takes \(limit)."
        )
    }

    /// A sender's name.
    func problem(withName name: String) -> Problem? {
        let hasLetter = name.utf8.contains { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard traits.limits.wantsLetterInName, !hasLetter else { return nil }
        return (
            "bad_sender_for_\(traits.provider.name)",
            "\(traits.title) keeps only letters and digits of a name, and without a letter none is"
                + " left of it."
        )
    }

    /// The text of a message.
    func problem(with text: Segmentation) -> Problem? {
        let limits = traits.limits
        guard let limit = text.encoding == .gsm7 ? limits.septets : limits.codeUnits,
            text.units > limit
        else { return nil }
        return (
            tooLong,
            "It has \(text.units) characters in \(text.encoding.rawValue);"
                + " \(traits.title) takes \(limit)."
        )
    }

    private var tooLong: String { "too_long_for_\(traits.provider.name)" }
}
