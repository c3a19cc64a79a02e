/// Reads the few headers that prove a callback.
enum HeaderText {
    /// The most values of one header that are looked at.
    private static let valueLimit = 16
    /// A line that came more than twice is nobody's mistake.
    private static let candidateLimit = 2

    /// Whether bytes begin with a word, in either case; the word is ASCII and in lower case.
    static func hasPrefix(_ bytes: some Collection<UInt8>, _ word: String) -> Bool {
        bytes.starts(with: word.utf8) { byte, expected in
            (byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte) == expected
        }
    }

    /// What a header that has one value may have meant: the whole, and where a comma is in it, each
    /// of the values, since a header line that came twice arrives as one.
    static func candidates(_ header: String) -> [String] {
        guard header.utf8.contains(UInt8(ascii: ",")) else { return [header] }
        var candidates = [header]
        for value in values(header).prefix(candidateLimit) where !candidates.contains(value) {
            candidates.append(value)
        }
        return candidates
    }

    /// The values of a header's lines, which arrive joined by commas, without blanks around them.
    static func values(_ header: String) -> [String] {
        header.split(separator: ",").prefix(valueLimit).map { value in
            func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
            var value = value.drop(while: isBlank)
            while let last = value.last, isBlank(last) { value.removeLast() }
            return String(value)
        }
    }
}
