/// What somebody pasted into a search field, with everything that it may be.
///
/// Blanks around it are ignored. It may be several things at once: 32 hexadecimal digits are a
/// message's id without its hyphens, or nginx's id of a request.
package struct SearchText: Sendable, Hashable, CustomStringConvertible {
    /// Without the blanks around it; 1 to 256 bytes, without NUL.
    package let description: String
    /// The identifier that it is, in any case, with or without hyphens: of a message, a send
    /// request, or whatever a provider names by UUIDs.
    package let identifier: MessageID?
    /// nginx's id of a request: 32 hexadecimal digits, in lower case.
    package let requestID: String?
    /// The phone number that it is, with its country code.
    package let number: PhoneNumber?
    /// The digits of something like a number that is none, as its beginning or its end; 3 to 15.
    package let digits: String?
    /// Whether the digits begin with a country code for certain: after `+` or `00`.
    package let isInternational: Bool

    private static let lengths = 1...256

    /// Nil for an empty text, one of more than 256 bytes, and one with NUL.
    package init?(_ text: String) {
        let trimmed = text.trimmedOfBlanks
        guard Self.lengths.contains(trimmed.utf8.count), !trimmed.utf8.contains(0) else {
            return nil
        }
        description = trimmed
        let hex = trimmed.filter { $0 != "-" }.lowercased()
        let isHex = hex.utf8.count == 32 && hex.utf8.allSatisfy(\.isHexadecimalDigit)
        identifier = isHex ? MessageID(hex.withUUIDHyphens) : nil
        requestID = isHex && !trimmed.contains("-") ? hex : nil
        let pasted = PastedNumber(trimmed)
        number = pasted.flatMap { try? PhoneNumber($0.compact) }
        digits = pasted.flatMap { (3...15).contains($0.digits.utf8.count) ? $0.digits : nil }
        isInternational = pasted?.isInternational ?? false
    }
}

extension String {
    /// Without blanks and line ends around it.
    fileprivate var trimmedOfBlanks: String {
        let start = unicodeScalars.drop { $0.properties.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    /// 32 digits in the form of a UUID.
    fileprivate var withUUIDHyphens: String {
        var text = ""
        for (place, digit) in enumerated() {
            if [8, 12, 16, 20].contains(place) { text.append("-") }
            text.append(digit)
        }
        return text
    }
}

extension UInt8 {
    /// In lower case.
    fileprivate var isHexadecimalDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
