/// Numbers as those see them who may not see them whole.
package enum NumberMask {
    private static let shown = 3
    private static let fewestDigits = 7

    /// A number with a dot for each digit but the last three: `+•••••••••123`.
    ///
    /// - Parameter text: a recipient, or a sender.
    /// - Returns: names, and short codes of fewer than seven digits, as they are; they are nobody's
    ///   number. Everything else masked, whatever its form.
    package static func masked(_ text: String) -> String {
        let digits = text.count { $0.isNumber }
        guard digits >= fewestDigits else { return text }
        var toHide = digits - shown
        return String(
            text.map { character in
                guard character.isNumber, toHide > 0 else { return character }
                toHide -= 1
                return "•"
            })
    }

    /// What people write between the digits of one number, and at most how much of it at once.
    private static let separators = Set(" -./()\u{00A0}")
    private static let mostSeparators = 3

    /// A text with every number in it masked: seven digits or more, also with what people write
    /// between them, as in `+44 7700 900-123`.
    ///
    /// - Parameter text: such as a provider's words about an error.
    /// - Returns: everything else as it is. What only looks like a number, such as a date, is masked
    ///   too: a number that is shown cannot be taken back.
    package static func maskedNumbers(in text: String) -> String {
        var result = ""
        // From a first digit to a last one, and what has come behind that.
        var number = ""
        var rest = ""
        func end() {
            result += masked(number) + rest
            number = ""
            rest = ""
        }
        for character in text {
            if character.isNumber {
                number += rest + String(character)
                rest = ""
            } else if !number.isEmpty, rest.count < mostSeparators, separators.contains(character) {
                rest.append(character)
            } else {
                end()
                result.append(character)
            }
        }
        end()
        return result
    }
}
