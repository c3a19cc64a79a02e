/// Puts together the URLs that we call at providers.
enum URLText {
    /// An address that paths can be put behind: no slash at its end, `https` unless it says
    /// otherwise. Infobip shows an account's address without a scheme.
    static func base(_ text: String) -> String {
        var base = Substring(text.contains("://") ? text : "https://" + text)
        while base.hasSuffix("/") { base.removeLast() }
        return String(base)
    }

    /// A text as part of a path, a query or a form: all but unreserved characters is escaped.
    /// Source: RFC 3986, sections 2.1 and 2.3.
    static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                output.append(byte)
            default:
                output += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 0xF)]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Pairs as a query or a form, escaped.
    static func pairs(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { escaped($0.name) + "=" + escaped($0.value) }.joined(separator: "&")
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }
}
