import JSON

extension PhoneNumberText {
    /// A sender as providers take it: a number without its `+`, all else as it stands.
    static func wire(sender: String) -> String {
        let digits = sender.dropFirst()
        let isNumber =
            sender.first == "+" && !digits.isEmpty
            && digits.utf8.allSatisfy { ByteView.isDigit($0) }
        return isNumber ? String(digits) : sender
    }

    /// Whether a provider's text means this number, with or without `+`.
    static func isSame(_ text: String, _ number: String) -> Bool {
        text == number || wire(sender: text) == number
    }
}
