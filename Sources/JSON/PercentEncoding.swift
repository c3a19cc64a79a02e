/// The escapes of URLs and forms. Source: RFC 3986, section 2.1.
package enum PercentEncoding {
    /// How a blank is written.
    package enum Blank: Sendable {
        /// `%20`, valid in every part of a URL.
        case escaped
        /// `+`, as browsers write forms.
        case plus
    }

    /// A text as part of a path, a query or a form: all but unreserved characters is escaped.
    /// Source: RFC 3986, section 2.3.
    package static func encode(_ text: String, blank: Blank = .escaped) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                output.append(byte)
            case UInt8(ascii: " ") where blank == .plus:
                output.append(UInt8(ascii: "+"))
            default:
                output.append(UInt8(ascii: "%"))
                output.append(HexadecimalDigit.upper(byte >> 4))
                output.append(HexadecimalDigit.upper(byte & 0xF))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Pairs as a query or a form.
    package static func encode(
        _ pairs: [(name: String, value: String)], blank: Blank = .escaped
    ) -> String {
        pairs.map { encode($0.name, blank: blank) + "=" + encode($0.value, blank: blank) }
            .joined(separator: "&")
    }

    /// Appends a part of a query or a form, decoded: `+` is a blank.
    ///
    /// - Parameters:
    ///   - range: the part.
    ///   - text: the whole.
    ///   - output: where the bytes go; they need not be UTF-8.
    /// - Returns: whether every escape was valid; an invalid one stays as it is.
    static func decode(_ range: Range<Int>, of text: ByteView, into output: inout [UInt8]) -> Bool {
        var isExact = true
        // Characters that need no decoding are added in one piece.
        var piece = range.lowerBound
        var offset = range.lowerBound
        while offset < range.upperBound {
            switch text[offset] {
            case UInt8(ascii: "+"):
                output.append(contentsOf: text.slice(piece..<offset))
                output.append(UInt8(ascii: " "))
                offset += 1
                piece = offset
            case UInt8(ascii: "%"):
                guard offset + 2 < range.upperBound,
                    let high = HexadecimalDigit.value(text[offset + 1]),
                    let low = HexadecimalDigit.value(text[offset + 2])
                else {
                    isExact = false
                    offset += 1
                    continue
                }
                output.append(contentsOf: text.slice(piece..<offset))
                output.append(high << 4 | low)
                offset += 3
                piece = offset
            default:
                offset += 1
            }
        }
        output.append(contentsOf: text.slice(piece..<range.upperBound))
        return isExact
    }
}
