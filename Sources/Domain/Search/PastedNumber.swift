/// A phone number, or a part of one, as somebody pasted it to look for it.
///
/// More spellings are read than a message may be sent to: what is looked for is there already, so
/// nothing goes to a wrong number if the 0 of `+44 (0)7700 900123` is left out. Besides all that
/// `PhoneNumber` takes, these are read: the national 0 behind a country code, a `tel:` or `sms:` of a
/// link, quotes and the like around it, the apostrophe that an export puts before a `+`, and other
/// scripts' digits.
package struct PastedNumber {
    /// ASCII digits, after a `+` if they begin with a country code for certain.
    package let compact: String

    /// Whether the digits begin with a country code for certain: after `+` or `00`.
    package var isInternational: Bool { compact.hasPrefix("+") }
    package var digits: String { String(compact.drop { $0 == "+" }) }

    /// Nil unless it consists of digits and of what may stand around and between them.
    package init?(_ text: String) {
        let core = Self.core(of: text)
        var compact = ""
        for scalar in core.unicodeScalars {
            switch scalar {
            case "+", "\u{FF0B}":
                guard compact.isEmpty else { return nil }
                compact = "+"
            case ".", "/", "(", ")": break
            default:
                if scalar.separatesDigits { continue }
                guard scalar.properties.numericType == .decimal,
                    let value = scalar.properties.numericValue
                else { return nil }
                compact += String(Int(value))
            }
        }
        if compact.hasPrefix("00") { compact = "+" + compact.dropFirst(2) }
        // The end of a number may begin like a country code: 700 900123 is none of Russia's.
        let hasCode = compact.hasPrefix("+") || core.contains("(0)")
        self.compact = hasCode ? Self.withoutNationalZero(compact) : compact
    }

    /// What text, lists and JSON put around a number.
    private static let wrapping = Set("'\"\u{2018}\u{2019}\u{201C}\u{201D}\u{201E}<>[],;:")

    /// Without what stands around it, the beginning of a link, and what may follow a number in one.
    ///
    /// Source: RFC 3966, section 3; RFC 5724, section 2.2.
    private static func core(of text: String) -> Substring {
        let start = text.drop { wrapping.contains($0) }
        guard let last = start.lastIndex(where: { !wrapping.contains($0) }) else { return "" }
        let core = start[...last]
        for scheme in ["tel:", "sms:"] where core.lowercased().hasPrefix(scheme) {
            return core.dropFirst(scheme.count).prefix { $0 != ";" && $0 != "?" }
        }
        return core
    }

    private static func withoutNationalZero(_ compact: String) -> String {
        do {
            _ = try PhoneNumber(compact)
            return compact
        } catch {
            guard case .nationalPrefix(let code) = error else { return compact }
            let plus = compact.hasPrefix("+") ? "+" : ""
            return plus + code + compact.dropFirst(plus.count + code.count + 1)
        }
    }
}
