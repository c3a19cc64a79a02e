import JSON

/// The stored form of numbers and senders: a number with `+` before it, all else unchanged.
enum PhoneNumberText {
    /// The fewest digits of a number; shorter ones are short codes of one country.
    private static let fewest = 4
    /// The most digits that ITU-T E.164 allows.
    private static let most = 15

    /// - Returns: four to fifteen digits with `+` in front, any other text as it stands, nil for an
    ///   empty one.
    @inline(__always)
    static func normalized(_ bytes: ByteView, _ range: Range<Int>) -> String? {
        guard !range.isEmpty else { return nil }
        guard (fewest...most).contains(range.count), bytes.isDigits(range) else {
            return bytes.text(range)
        }
        return String(unsafeUninitializedCapacity: range.count + 1) { text in
            text[0] = UInt8(ascii: "+")
            var index = 1
            for digit in bytes.slice(range) {
                text[index] = digit
                index += 1
            }
            return index
        }
    }

    /// A sender as providers expect it: a number without its `+`, all else unchanged.
    static func wire(sender: String) -> String {
        let digits = sender.dropFirst()
        let isNumber =
            sender.first == "+" && !digits.isEmpty
            && digits.utf8.allSatisfy { ByteView.isDigit($0) }
        return isNumber ? String(digits) : sender
    }
}
