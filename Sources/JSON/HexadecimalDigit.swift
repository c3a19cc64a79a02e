/// One hexadecimal digit, for the escapes of JSON and of URLs.
enum HexadecimalDigit {
    /// The digit's value, in either case; nil for any other byte.
    @inline(__always)
    static func value(_ digit: UInt8) -> UInt8? {
        if digit &- UInt8(ascii: "0") < 10 { return digit &- UInt8(ascii: "0") }
        let letter = (digit | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }

    /// The digit of a value from 0 to 15, in lower case.
    static func lower(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The same in upper case, which RFC 3986 asks for in URLs.
    static func upper(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
