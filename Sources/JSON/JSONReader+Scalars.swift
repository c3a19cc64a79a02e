/// The place of a string in a JSON text, between the quotation marks.
public struct JSONString {
    /// Where the contents begin.
    public var start: Int
    /// The offset after the last byte of the contents.
    public var end: Int
    /// Whether there are escapes, so that the contents are not the text itself.
    public var isEscaped: Bool

    /// A string at a place.
    @inlinable
    public init(start: Int, end: Int, isEscaped: Bool) {
        self.start = start
        self.end = end
        self.isEscaped = isEscaped
    }

    /// The contents' place.
    @inlinable @inline(__always)
    public var range: Range<Int> { start..<end }
}

extension JSONReader {
    /// Reads a string; the next byte is its opening quotation mark.
    @inlinable @inline(__always)
    public mutating func scanString() throws(JSONFault) -> JSONString {
        let start = position &+ 1
        var offset = start
        var isEscaped = false
        // All bytes combined with or: bit 7 shows whether there is anything but ASCII.
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
        if offset &- start > limits.string { checkLength(string) }
        return string
    }

    /// The high bit of each byte that is a quotation mark, a backslash or a control character.
    ///
    /// Exact for the lowest such byte; a borrow may mark bytes above it.
    @inlinable @inline(__always)
    static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found =
            (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            | (word &- ones &* 0x20) & ~word
        return found & (ones &* 0x80)
    }

    @usableFromInline
    func pastEscape(at offset: Int) throws(JSONFault) -> Int {
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

    @usableFromInline
    mutating func checkUTF8(_ string: JSONString) {
        guard flaw == nil, let offset = bytes.firstInvalidUTF8(in: string.range) else { return }
        flaw = JSONFault(.invalidUTF8, at: offset)
    }

    @usableFromInline
    mutating func checkLength(_ string: JSONString) {
        // An escape is longer than its character: 4000 characters of callbackData, which Infobip
        // allows, may take 24,000 bytes as `\uXXXX` but at most 12,000 as text.
        guard string.isEscaped, bytes.unescaped(string).bytes.count <= limits.string else {
            return note(.longString, at: string.start &- 1)
        }
    }

    /// Reads a number; the next byte is `-` or a digit.
    ///
    /// - Returns: its characters.
    @inlinable @inline(__always)
    public mutating func scanNumber() throws(JSONFault) -> JSONString {
        let start = position
        var offset = start
        if bytes[offset] == UInt8(ascii: "-") { offset &+= 1 }
        if bytes[offset] == UInt8(ascii: "0") {
            offset &+= 1
        } else {
            offset = try pastDigits(from: offset)
        }
        if bytes[offset] == UInt8(ascii: ".") {
            offset = try pastDigits(from: offset &+ 1)
        }
        if bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset &+= 1
            if bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset &+= 1
            }
            offset = try pastDigits(from: offset)
        }
        if offset &- start > limits.number { note(.longNumber, at: start) }
        position = offset
        return JSONString(start: start, end: offset, isEscaped: false)
    }

    @inlinable @inline(__always)
    func pastDigits(from start: Int) throws(JSONFault) -> Int {
        var offset = start
        while ByteView.isDigit(bytes[offset]) { offset &+= 1 }
        guard offset > start else {
            throw JSONFault(offset < bytes.count ? .badNumber : .unexpectedEnd, at: offset)
        }
        return offset
    }

    /// Reads `true`, `false` or `null`; anything else is a fault.
    @inlinable @inline(__always)
    public mutating func scanLiteral() throws(JSONFault) {
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
