/// A phone number in E.164: `+`, country code, national number, 7 to 15 digits in all.
///
/// Source: ITU-T E.164, section 6; no country has numbers of fewer than seven digits with its code.
package struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    /// With the `+`.
    package let description: String

    /// Only the digits, as the providers take and report them.
    package var digits: String { String(description.dropFirst()) }

    private static let lengths = 7...15

    /// Reads a number as people write it: `+` or `00` or neither in front of the country code,
    /// blanks, hyphens, dots, slashes and parentheses anywhere between digits.
    ///
    /// Blanks and hyphens may be any of Unicode's, tabs and line ends count as blanks, and
    /// characters without width (which a copied contact has around its number) are ignored.
    ///
    /// - Throws: `PhoneNumber.Problem` saying what is wrong; of the number it holds only the
    ///   country code or one character.
    package init(_ text: String) throws(Problem) {
        var reader = Reader()
        for scalar in text.unicodeScalars { try reader.read(scalar) }
        description = String(decoding: try reader.checked(), as: UTF8.self)
    }

    /// Reads a stored number: `+` and its digits.
    ///
    /// Numbers that were accepted once must be readable for ever, so only the form is checked. Nil
    /// for another form.
    package init?(kept text: String) {
        let digits = text.utf8.dropFirst()
        guard text.utf8.first == UInt8(ascii: "+"), Self.lengths.contains(digits.count),
            digits.allSatisfy(Reader.isDigit), digits.first != UInt8(ascii: "0")
        else { return nil }
        description = text
    }
}

extension PhoneNumber {
    /// Collects the digits of a text.
    private struct Reader {
        /// Starts with the `+`.
        private var digits = [UInt8(ascii: "+")]
        private var hasPlus = false
        /// How many characters were read.
        private var place = 0
        /// How many digits came before the last `(`.
        private var opened: Int?
        /// How many digits came before each `(0)`.
        private var zerosInParentheses: [Int] = []

        private var count: Int { digits.count - 1 }

        init() {
            digits.reserveCapacity(lengths.upperBound + 4)
        }

        static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }

        mutating func read(_ scalar: Unicode.Scalar) throws(Problem) {
            place += 1
            switch scalar {
            case "0"..."9":
                digits.append(UInt8(truncatingIfNeeded: scalar.value))
                // Two more than a number has, for the 00 before it.
                guard count <= lengths.upperBound + 2 else { throw .tooLong }
            case "+" where count == 0 && !hasPlus:
                hasPlus = true
            case "(":
                opened = count
            case ")":
                if let opened, opened > 0, digits[(opened + 1)...].elementsEqual("0".utf8) {
                    zerosInParentheses.append(opened)
                }
                opened = nil
            case " ", "-", ".", "/":
                break
            default:
                guard scalar.separatesDigits else {
                    throw .strangeCharacter(scalar, place: place)
                }
            }
        }

        /// The number with its `+`.
        consuming func checked() throws(Problem) -> [UInt8] {
            let isInternational = !hasPlus && digits.dropFirst().starts(with: "00".utf8)
            let skipped = isInternational ? 2 : 0
            if isInternational { digits.removeSubrange(1..<(1 + skipped)) }
            let number = digits.dropFirst()
            guard let first = number.first else { throw .noDigits }
            guard first != UInt8(ascii: "0") else {
                throw hasPlus || isInternational ? .zeroAsCountryCode : .noCountryCode
            }
            let code = CountryCode(of: number)
            // As in +44 (0) 7700 900123: with the 0, the number would be another one or none.
            if code.isFollowedByNationalZero {
                let text = String(decoding: number.prefix(code.length), as: UTF8.self)
                throw .nationalPrefix(countryCode: text)
            }
            if zerosInParentheses.contains(where: { $0 - skipped != code.length }) {
                throw .zeroInParentheses
            }
            guard number.count >= lengths.lowerBound else { throw .tooShort }
            guard number.count <= lengths.upperBound else { throw .tooLong }
            return digits
        }
    }
}

extension PhoneNumber {
    /// Why a text is not a phone number.
    package enum Problem: Error, Equatable, Sendable {
        case noDigits
        /// The character, and which of the text's code points it is, from 1.
        case strangeCharacter(Unicode.Scalar, place: Int)
        /// A 0 at the beginning, where the country code must be.
        case noCountryCode
        /// A 0 after `+` or `00`.
        case zeroAsCountryCode
        /// A 0 after a country code whose numbers do not begin with one.
        case nationalPrefix(countryCode: String)
        /// `(0)` where there can be no national prefix.
        case zeroInParentheses
        case tooShort
        case tooLong

        /// A stable word for programs.
        package var code: String {
            switch self {
            case .noDigits: "no_digits"
            case .strangeCharacter: "strange_character"
            case .noCountryCode, .zeroAsCountryCode: "no_country_code"
            case .nationalPrefix, .zeroInParentheses: "national_prefix"
            case .tooShort: "too_short"
            case .tooLong: "too_long"
            }
        }

        /// One sentence for people.
        package var explanation: String {
            switch self {
            case .noDigits: "It holds no digits."
            case .strangeCharacter("+", let place):
                "Its character \(place) is a +, which stands only once and before all digits."
            case .strangeCharacter(let scalar, let place):
                "Its character \(place) is \(scalar.named), which is none of a number: write the"
                    + " digits 0 to 9, + in front, blanks, hyphens and ./()."
            case .noCountryCode:
                "It begins with a national 0; write it with its country code, as in +41…."
            case .zeroAsCountryCode:
                "No country code begins with 0; write + or 00 (not both), and behind it the"
                    + " country code, as in +41…."
            case .nationalPrefix(let code):
                "A 0 follows the country code \(code), which is dialled only within the country;"
                    + " write it without."
            case .zeroInParentheses:
                "It holds (0), which is dialled only within the country; write it without."
            case .tooShort: "A number has at least 7 digits with its country code."
            case .tooLong: "A number has at most 15 digits with its country code."
            }
        }
    }
}

extension Unicode.Scalar {
    /// Whether it may stand between digits without a meaning: blanks and line ends, hyphens and
    /// dashes, and marks without width.
    var separatesDigits: Bool {
        if properties.isWhitespace || properties.isDash || properties.isBidiControl { return true }
        switch self {
        // Hyphens that Unicode does not count among the dashes: soft, bullet, and katakana's.
        case "\u{00AD}", "\u{2043}", "\u{30FB}", "\u{FF65}": return true
        // Zero width: space, non-joiner, joiner, word joiner, byte order mark.
        case "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}": return true
        default: return false
        }
    }

    /// `U+0078 ("x")`, or without the character if it cannot be seen.
    package var named: String {
        let hex = String(value, radix: 16, uppercase: true)
        let name = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator, .nonspacingMark, .spacingMark, .enclosingMark:
            name
        default: name + " (\"\(self)\")"
        }
    }
}
