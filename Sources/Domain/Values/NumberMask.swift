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

    /// A text with every number in it masked: a run of seven digits or more.
    ///
    /// - Parameter text: such as a provider's words about an error.
    /// - Returns: everything else as it is.
    package static func maskedNumbers(in text: String) -> String {
        var result = ""
        var run = ""
        func end() {
            result += masked(run)
            run = ""
        }
        for character in text {
            if character.isNumber {
                run.append(character)
            } else {
                end()
                result.append(character)
            }
        }
        end()
        return result
    }
}
