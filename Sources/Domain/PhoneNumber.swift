/// A phone number in E.164: `+`, country code, national number, 7 to 15 digits in all.
///
/// Source: ITU-T E.164, section 6; no country has numbers of fewer than seven digits with its code.
package struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    /// With the `+`.
    package let description: String

    /// Only the digits, as the providers take and report them.
    package var digits: String { String(description.dropFirst()) }

    /// Reads a number as people write it: `+` or `00` or neither in front of the country code,
    /// blanks, hyphens, dots, slashes and parentheses anywhere between digits.
    ///
    /// - Throws: `PhoneNumber.Problem` saying what is wrong; it holds no digit of the number.
    package init(_ text: String) throws(Problem) {
        var digits: [UInt8] = []
        var hasPlus = false
        /// How many digits came before the last `(`.
        var opened: Int?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits.append(byte)
                guard digits.count <= 17 else { throw .tooLong }
            case UInt8(ascii: "+") where digits.isEmpty && !hasPlus:
                hasPlus = true
            case UInt8(ascii: "("):
                opened = digits.count
            case UInt8(ascii: ")"):
                // As in +44 (0) 7700 900123: dialled, the 0 would call somebody else or nobody, and
                // left out it is missed where it is part of the number, as in Italy.
                if let opened, opened > 0, digits[opened...].elementsEqual("0".utf8) {
                    throw .nationalPrefix
                }
                opened = nil
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"):
                continue
            default:
                throw .strangeCharacter
            }
        }
        if !hasPlus, digits.starts(with: "00".utf8) { digits.removeFirst(2) }
        guard let first = digits.first else { throw .noDigits }
        guard first != UInt8(ascii: "0") else { throw .noCountryCode }
        guard digits.count >= 7 else { throw .tooShort }
        guard digits.count <= 15 else { throw .tooLong }
        description = "+" + String(decoding: digits, as: UTF8.self)
    }

    /// For logs: country code and last digits only, as in `+41…27`.
    package var masked: String { description.prefix(3) + "…" + description.suffix(2) }

    /// Why a text is no number.
    package enum Problem: String, Error, Sendable, CaseIterable {
        case noDigits = "no_digits"
        case strangeCharacter = "strange_character"
        case noCountryCode = "no_country_code"
        case nationalPrefix = "national_prefix"
        case tooShort = "too_short"
        case tooLong = "too_long"

        /// One sentence for people.
        package var explanation: String {
            switch self {
            case .noDigits: "It holds no digits."
            case .strangeCharacter:
                "It holds a character other than digits, +, blanks and -./()."
            case .noCountryCode:
                "It begins with a national 0; write it with its country code, as in +41…."
            case .nationalPrefix:
                "It holds (0), which is dialled only within the country; write it without."
            case .tooShort: "A number has at least 7 digits with its country code."
            case .tooLong: "A number has at most 15 digits with its country code."
            }
        }
    }
}
