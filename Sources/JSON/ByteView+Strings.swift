extension ByteView {
    /// The text of a string, without anything that PostgreSQL cannot hold.
    ///
    /// - Returns: the text, and whether a NUL or an unpaired surrogate was replaced by U+FFFD.
    @inlinable @inline(__always)
    public func text(_ string: JSONString) -> (text: String, isRepaired: Bool) {
        guard string.isEscaped else { return (text(string.range), false) }
        return escapedText(string)
    }

    @usableFromInline
    func escapedText(_ string: JSONString) -> (text: String, isRepaired: Bool) {
        let (bytes, isRepaired) = unescaped(string)
        return (String(decoding: bytes, as: UTF8.self), isRepaired)
    }

    /// Whether a string is this name, however it is spelled. The name is ASCII.
    @inlinable @inline(__always)
    public func matches(_ string: JSONString, _ name: StaticString) -> Bool {
        guard string.isEscaped else { return holds(name, in: string.range) }
        return matchesEscaped(string, name)
    }

    @usableFromInline
    func matchesEscaped(_ string: JSONString, _ name: StaticString) -> Bool {
        let bytes = unescaped(string).bytes
        return name.withUTF8Buffer { bytes.elementsEqual($0) }
    }

    /// The UTF-8 bytes that a string's contents stand for; see `text(_:)`.
    ///
    /// - Parameters:
    ///   - string: of a text that a `JSONReader` has checked.
    ///   - keepsNUL: whether `\u0000` becomes a NUL and is not replaced.
    /// - Returns: the bytes, and whether anything was replaced by U+FFFD.
    package func unescaped(
        _ string: JSONString, keepsNUL: Bool = false
    ) -> (bytes: [UInt8], isRepaired: Bool) {
        var output: [UInt8] = []
        output.reserveCapacity(string.end - string.start)
        var isRepaired = false
        var offset = string.start
        while offset < string.end {
            let byte = self[offset]
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                offset += 1
                continue
            }
            let escape = unescape(at: offset)
            if let scalar = escape.scalar, keepsNUL || scalar != "\0" {
                output.append(contentsOf: String(scalar).utf8)
            } else {
                output.append(contentsOf: "\u{FFFD}".utf8)
                isRepaired = true
            }
            offset = escape.end
        }
        return (output, isRepaired)
    }

    /// The character of a checked escape, nil for an unpaired surrogate, and where the escape ends.
    func unescape(at offset: Int) -> (scalar: Unicode.Scalar?, end: Int) {
        let character = self[offset + 1]
        guard character == UInt8(ascii: "u") else {
            return (Self.short(character), offset + 2)
        }
        let end = offset + 6
        guard let unit = codeUnit(at: offset + 2) else { return (nil, end) }
        if unit & 0xFC00 == 0xD800, self[end] == UInt8(ascii: "\\"),
            self[end + 1] == UInt8(ascii: "u"), let low = codeUnit(at: end + 2),
            low & 0xFC00 == 0xDC00
        {
            let value = 0x10000 + UInt32(unit & 0x3FF) << 10 + UInt32(low & 0x3FF)
            return (Unicode.Scalar(value), end + 6)
        }
        return (Unicode.Scalar(unit), end)
    }

    /// The value of four hexadecimal digits.
    func codeUnit(at offset: Int) -> UInt16? {
        var value: UInt16 = 0
        for index in 0..<4 {
            guard let digit = HexadecimalDigit.value(self[offset + index]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    private static func short(_ character: UInt8) -> Unicode.Scalar {
        switch character {
        case UInt8(ascii: "b"): "\u{8}"
        case UInt8(ascii: "f"): "\u{C}"
        case UInt8(ascii: "n"): "\n"
        case UInt8(ascii: "r"): "\r"
        case UInt8(ascii: "t"): "\t"
        default: Unicode.Scalar(character)
        }
    }
}
