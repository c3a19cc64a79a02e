/// Base32 in capitals without padding. Source: RFC 4648, section 6.
package enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// The spelling of some bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var pending = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            pending += 8
            while pending >= 5 {
                pending -= 5
                text.append(alphabet[Int(bits >> UInt32(pending) & 0x1F)])
            }
        }
        if pending > 0 { text.append(alphabet[Int(bits << UInt32(5 - pending) & 0x1F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads digits of either case; nil for anything else, and for bits set after the last byte.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var pending = 0
        for character in text {
            let capital = (97...122).contains(character) ? character - 32 : character
            guard let value = alphabet.firstIndex(of: capital) else { return nil }
            bits = bits << 5 | UInt32(value)
            pending += 5
            if pending >= 8 {
                pending -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(pending)))
            }
        }
        return pending < 5 && bits & ((1 << UInt32(pending)) - 1) == 0 ? bytes : nil
    }
}
