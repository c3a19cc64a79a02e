/// Copies a provider's JSON, changed where PostgreSQL's `jsonb` could not hold it.
///
/// White space is dropped; `\u0000` and unpaired surrogates become U+FFFD; a number whose exponent
/// `numeric` could not hold becomes a string with the same characters.
extension JSONWriter {
    /// Exponents of up to so many digits are kept as numbers; `numeric` holds 131,072 digits.
    private static let exponentDigits = 3

    /// A member's name as it was written.
    ///
    /// - Parameters:
    ///   - range: exactly the name, with its quotation marks.
    ///   - source: the whole text, which a `JSONReader` has checked.
    package mutating func key(copying range: Range<Int>, of source: ByteView) {
        value(copying: range, of: source)
        endKey()
    }

    /// A value as it was written.
    ///
    /// - Parameters:
    ///   - range: exactly the value.
    ///   - source: the whole text, which a `JSONReader` has checked.
    package mutating func value(copying range: Range<Int>, of source: ByteView) {
        separate()
        var offset = range.lowerBound
        while offset < range.upperBound {
            switch source[offset] {
            case 0x20, 0x0A, 0x0D, 0x09:
                offset += 1
            case UInt8(ascii: "\""):
                offset = copyString(at: offset, of: source)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                offset = copyNumber(at: offset, limit: range.upperBound, of: source)
            default:
                append(source.slice(offset..<offset + 1))
                offset += 1
            }
        }
    }

    private mutating func copyString(at start: Int, of source: ByteView) -> Int {
        // What needs no change is added in one piece.
        var piece = start
        var offset = start + 1
        while source[offset] != UInt8(ascii: "\"") {
            guard source[offset] == UInt8(ascii: "\\") else {
                offset += 1
                continue
            }
            let escape = source.unescape(at: offset)
            if escape.scalar == nil || escape.scalar == "\0" {
                append(source.slice(piece..<offset))
                appendReplacement()
                piece = escape.end
            }
            offset = escape.end
        }
        append(source.slice(piece..<offset + 1))
        return offset + 1
    }

    private mutating func copyNumber(at start: Int, limit: Int, of source: ByteView) -> Int {
        var end = start
        var exponent: Int?
        while end < limit, Self.isNumeric(source[end]) {
            if source[end] | 0x20 == UInt8(ascii: "e") { exponent = end + 1 }
            end += 1
        }
        var isHuge = false
        if var digit = exponent {
            while digit < end, !(UInt8(ascii: "1")...UInt8(ascii: "9")).contains(source[digit]) {
                digit += 1
            }
            isHuge = end - digit > Self.exponentDigits
        }
        if isHuge { appendQuote() }
        append(source.slice(start..<end))
        if isHuge { appendQuote() }
        return end
    }

    private mutating func appendQuote() {
        withUnsafeBytes(of: UInt8(ascii: "\"")) { append($0) }
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
