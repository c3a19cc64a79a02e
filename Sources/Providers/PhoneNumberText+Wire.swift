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
}
