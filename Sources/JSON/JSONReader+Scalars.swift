/// A string in a JSON text: where its contents stand, between the quotation marks.
struct JSONString {
    var start: Int
    var end: Int
    /// Whether there are escapes, so that the contents are not the text itself.
    var isEscaped: Bool

    @inline(__always)
    var range: Range<Int> { start..<end }
}

/// A number in a JSON text: where it stands, and whether it has neither fraction nor exponent.
struct JSONNumber {
    var start: Int
    var end: Int
    var isInteger: Bool

    @inline(__always)
    var range: Range<Int> { start..<end }
}

extension JSONReader {
    /// Reads a string; the next byte is its opening quotation mark.
    @inline(__always)
    mutating func scanString() throws(JSONFault) -> JSONString {
        let start = position &+ 1
        var offset = start
        var isEscaped = false
        // All bytes or-ed together: bit 7 tells whether there is anything but ASCII.
        var seen: UInt64 = 0
        scan: while true {
            if let word = bytes.word(at: offset) {
                let special = Self.special(in: word)
                if special == 0 {
                    seen |= word
                    offset &+= 8
                    continue
                }
                let skipped = UInt64(special.trailingZeroBitCount & ~7)
                seen |= word & ((1 &<< skipped) &- 1)
                offset &+= Int(skipped >> 3)
            }
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                break scan
            case UInt8(ascii: "\\"):
                offset = try pastEscape(at: offset)
                isEscaped = true
            case 0..<0x20:
                throw JSONFault(
                    offset < bytes.count ? .controlCharacter : .unexpectedEnd, at: offset)
            default:
                seen |= UInt64(byte)
                offset &+= 1
            }
        }
        let string = JSONString(start: start, end: offset, isEscaped: isEscaped)
        position = offset &+ 1
        if seen & 0x8080_8080_8080_8080 != 0 { checkUTF8(string) }
        if offset &- start > limits.string { try checkLength(string) }
        return string
    }

    /// The high bit of each byte that is a quotation mark, a backslash or a control character.
    ///
    /// Exact for the lowest such byte; a borrow may mark bytes above it.
    @inline(__always)
    private static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found =
            (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            | (word &- ones &* 0x20) & ~word
        return found & (ones &* 0x80)
    }

    private func pastEscape(at offset: Int) throws(JSONFault) -> Int {
        switch bytes[offset &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return offset &+ 2
        case UInt8(ascii: "u"):
            guard bytes.codeUnit(at: offset &+ 2) != nil else {
                throw JSONFault(.badEscape, at: offset)
            }
            return offset &+ 6
        default:
            throw JSONFault(.badEscape, at: offset)
        }
    }

    private mutating func checkUTF8(_ string: JSONString) {
        guard invalidUTF8 == nil else { return }
        invalidUTF8 = bytes.firstInvalidUTF8(in: string.range)
    }

    private func checkLength(_ string: JSONString) throws(JSONFault) {
        // An escape is longer than what it stands for: 4000 characters of callbackData, which
        // Infobip allows, may be 24,000 bytes as `\uXXXX` and never more than 12,000 as text.
        guard string.isEscaped, bytes.unescaped(string).bytes.count <= limits.string else {
            throw JSONFault(.longString, at: string.start &- 1)
        }
    }

    /// Reads a number; the next byte is `-` or a digit.
    @inline(__always)
    mutating func scanNumber() throws(JSONFault) -> JSONNumber {
        let start = position
        var offset = start
        var isInteger = true
        if bytes[offset] == UInt8(ascii: "-") { offset &+= 1 }
        if bytes[offset] == UInt8(ascii: "0") {
            offset &+= 1
        } else {
            offset = try pastDigits(from: offset)
        }
        if bytes[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset = try pastDigits(from: offset &+ 1)
        }
        if bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset &+= 1
            if bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset &+= 1
            }
            offset = try pastDigits(from: offset)
        }
        guard offset &- start <= limits.number else { throw JSONFault(.longNumber, at: start) }
        position = offset
        return JSONNumber(start: start, end: offset, isInteger: isInteger)
    }

    @inline(__always)
    private func pastDigits(from start: Int) throws(JSONFault) -> Int {
        var offset = start
        while ByteView.isDigit(bytes[offset]) { offset &+= 1 }
        guard offset > start else {
            throw JSONFault(offset < bytes.count ? .badNumber : .unexpectedEnd, at: offset)
        }
        return offset
    }

    /// Reads `true`, `false` or `null`; anything else is a fault.
    @inline(__always)
    mutating func scanLiteral() throws(JSONFault) {
        let start = position
        let text: StaticString
        switch peek() {
        case UInt8(ascii: "t"): text = "true"
        case UInt8(ascii: "f"): text = "false"
        case UInt8(ascii: "n"): text = "null"
        default: throw unexpected()
        }
        let end = position &+ text.utf8CodeUnitCount
        guard end <= bytes.count, bytes.holds(text, in: position..<end) else {
            position = start
            throw unexpected()
        }
        position = end
    }
}
