/// Reads the headers that authenticate a callback.
enum HeaderText {
    /// The most values of one header that are read.
    private static let valueLimit = 16
    /// The most copies of a header line that are tried; a mistake makes two.
    private static let candidateLimit = 2

    /// Whether bytes begin with a word, in either case; the word is ASCII and in lower case.
    static func hasPrefix(_ bytes: some Collection<UInt8>, _ word: String) -> Bool {
        bytes.starts(with: word.utf8) { byte, expected in
            (byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte) == expected
        }
    }

    /// The possible values of a header with one value: the whole, and if it has a comma, each part,
    /// because two lines of the same header arrive joined.
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
