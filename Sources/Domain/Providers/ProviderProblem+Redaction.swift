extension ProviderProblem {
    /// The same without digits in the text, for the log and for administrators: a provider's free
    /// text may name a recipient. The code stays, unless it is as long as a phone number.
    package var redacted: ProviderProblem {
        ProviderProblem(code: Self.withoutLongNumbers(code), text: Self.withoutDigits(text))
    }

    private static let longestCode = 6

    private static func withoutDigits(_ text: some StringProtocol) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isDigit(scalar) ? "#" : scalar) }
        return String(scalars)
    }

    /// Digits of any script.
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    /// Codes are short; a phone number has many digits, whatever is between them.
    private static func withoutLongNumbers(_ code: String) -> String {
        code.unicodeScalars.count(where: isDigit) > longestCode ? withoutDigits(code) : code
    }
}
