/// A response header that cannot inject another: the name is a token, the value has no controls.
///
/// `Status` is refused as a name: the gateway reads it as the response's status.
/// Source: RFC 9110, section 5.5 and 5.6.2; RFC 3875, section 6.3.3.
package struct HeaderField: Sendable, Equatable {
    /// The name as given.
    package let name: String
    /// The value as given, without line break.
    package let value: String

    /// A name and a value made at run time; nothing when either is not allowed.
    ///
    /// - Parameters:
    ///   - name: 1 to 256 characters of a token.
    ///   - value: At most 8,192 bytes; no CR, LF, NUL or other control character.
    package init?(name: String, value: String) {
        guard Self.isName(name.utf8), Self.isValue(value.utf8) else { return nil }
        self.name = name
        self.value = value
    }

    /// A header known at compile time; a mistake in it traps.
    package init(_ name: StaticString, _ value: StaticString) {
        let name = String(describing: name)
        let value = String(describing: value)
        precondition(Self.isName(name.utf8) && Self.isValue(value.utf8), "bad header literal")
        self.name = name
        self.value = value
    }

    /// `Content-Type: application/json`
    package static let json = HeaderField("Content-Type", "application/json")
    /// `Content-Type: text/plain; charset=utf-8`
    package static let plainText = HeaderField("Content-Type", "text/plain; charset=utf-8")
    /// `Content-Type: text/event-stream`
    package static let eventStream = HeaderField("Content-Type", "text/event-stream")
    /// `Retry-After: 5`, in seconds, for errors that may pass soon.
    package static let retryAfter = HeaderField("Retry-After", "5")
    /// `Cache-Control: no-store`
    package static let noStore = HeaderField("Cache-Control", "no-store")
    /// `X-Accel-Buffering: no`, which makes nginx pass a stream on as it comes.
    package static let unbuffered = HeaderField("X-Accel-Buffering", "no")

    private static func isName(_ bytes: String.UTF8View) -> Bool {
        guard (1...256).contains(bytes.count) else { return false }
        return bytes.allSatisfy(isTokenByte) && !equalsIgnoringCase(bytes, "status")
    }

    private static func isValue(_ bytes: String.UTF8View) -> Bool {
        bytes.count <= 8_192 && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Whether this is the header of that name, which must be in lower case.
    func isNamed(_ lowercased: StaticString) -> Bool {
        Self.equalsIgnoringCase(name.utf8, String(describing: lowercased))
    }

    private static func equalsIgnoringCase(_ bytes: String.UTF8View, _ lowercased: String) -> Bool {
        bytes.count == lowercased.utf8.count
            && zip(bytes, lowercased.utf8).allSatisfy { byte, wanted in
                byte == wanted || (byte | 0x20 == wanted && (0x61...0x7A).contains(wanted))
            }
    }
}
