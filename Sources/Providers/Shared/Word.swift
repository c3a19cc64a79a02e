/// Words of the providers, whose case and whose blanks around them mean nothing.
enum Word {
    /// - Returns: the word in capitals, without blanks, tabs and line ends at its ends.
    static func normalized(_ text: String) -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard text.utf8.first.map(isBlank) ?? false || text.utf8.last.map(isBlank) ?? false else {
            return text.uppercased()
        }
        var bytes = text.utf8.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return String(Substring(bytes)).uppercased()
    }

    /// Whether a word is one that some programs write for a missing value.
    static func isNothing(_ text: String) -> Bool {
        text.utf8.count <= 9 && ["NONE", "NULL", "NIL", "UNDEFINED"].contains(normalized(text))
    }
}
