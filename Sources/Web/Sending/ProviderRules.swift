import Domain

/// What a provider refuses though others accept it, as far as that is known before sending.
///
/// Checked where the send request names the provider. Another one that takes over later refuses by
/// itself what it does not accept. Source: Plivo's documentation,
/// messaging/api/message/send-a-message and "Encoding and concatenation".
enum ProviderRules {
    typealias Problem = (code: String, detail: String)

    private static let plivoDigits = 14
    private static let plivoSeptets = 1600
    private static let plivoCodeUnits = 737

    /// A recipient's number, or a sender's.
    static func problem(with number: PhoneNumber, at provider: Provider) -> Problem? {
        let count = number.digits.utf8.count
        guard provider == .plivo, count > plivoDigits else { return nil }
        return (
            "too_long_for_plivo",
            "It has \(count) digits with its country code; Plivo takes \(plivoDigits)."
        )
    }

    /// A sender's name.
    static func problem(withName name: String, at provider: Provider) -> Problem? {
        let hasLetter = name.utf8.contains { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard provider == .plivo, !hasLetter else { return nil }
        return (
            "bad_sender_for_plivo",
            "Plivo keeps only letters and digits of a name, and without a letter none is left of it."
        )
    }

    /// A text that goes to Plivo.
    static func problemAtPlivo(with text: Segmentation) -> Problem? {
        let limit = text.encoding == .gsm7 ? plivoSeptets : plivoCodeUnits
        guard text.units > limit else { return nil }
        return (
            "too_long_for_plivo",
            "It has \(text.units) characters in \(text.encoding.rawValue); Plivo takes \(limit)."
        )
    }
}
