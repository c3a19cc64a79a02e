/// Comparison of protocol words, whose case does not matter.
enum ASCIICase {
    /// Whether bytes begin with a word, in either case.
    ///
    /// - Parameter prefix: in lower case, ASCII.
    static func hasPrefix(_ bytes: some Collection<UInt8>, _ prefix: String) -> Bool {
        bytes.starts(with: prefix.utf8) { byte, expected in lowercased(byte) == expected }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
