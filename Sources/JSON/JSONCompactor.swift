/// Writes JSON text that PostgreSQL's `jsonb` takes, whatever the provider wrote.
///
/// White space is dropped; `\u0000` and halves of surrogate pairs become U+FFFD; a number whose
/// exponent `numeric` could not hold becomes a string with the same characters.
package struct JSONCompactor {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Exponents of at most so many digits are kept as numbers; `numeric` goes to 131,072 digits.
    private static let exponentDigits = 3

    /// Adds one of the syntax's own characters.
    package mutating func append(_ character: UInt8) {
        bytes.append(character)
    }

    /// Adds JSON that has been through a compactor.
    package mutating func append(compact json: [UInt8]) {
        bytes.append(contentsOf: json)
    }

    /// Adds a text as a JSON string.
    package mutating func append(quoting text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case 0:
                appendReplacement()
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 1..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(UInt8(ascii: "0") + byte >> 4)
                let digit = byte & 0xF
                bytes.append(
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a value of a text that a `JSONReader` has checked.
    ///
    /// - Parameters:
    ///   - range: exactly the value.
    ///   - source: the whole text.
    package mutating func append(_ range: Range<Int>, of source: ByteView) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            switch source[offset] {
            case 0x20, 0x0A, 0x0D, 0x09:
                offset += 1
            case UInt8(ascii: "\""):
                offset = appendString(at: offset, of: source)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                offset = appendNumber(at: offset, limit: range.upperBound, of: source)
            case let byte:
                bytes.append(byte)
                offset += 1
            }
        }
    }

    private mutating func appendString(at start: Int, of source: ByteView) -> Int {
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
                bytes.append(contentsOf: source.slice(piece..<offset))
                appendReplacement()
                piece = escape.end
            }
            offset = escape.end
        }
        bytes.append(contentsOf: source.slice(piece..<offset + 1))
        return offset + 1
    }

    private mutating func appendNumber(at start: Int, limit: Int, of source: ByteView) -> Int {
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
        if isHuge { bytes.append(UInt8(ascii: "\"")) }
        bytes.append(contentsOf: source.slice(start..<end))
        if isHuge { bytes.append(UInt8(ascii: "\"")) }
        return end
    }

    private mutating func appendReplacement() {
        bytes.append(contentsOf: "\u{FFFD}".utf8)
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
