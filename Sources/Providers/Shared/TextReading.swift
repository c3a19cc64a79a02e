import Domain
import JSON

// The readers of bytes, for texts that are in memory already.

extension ProviderTime {
    /// `withT(_:_:)` of a text, blanks around it ignored.
    static func withT(_ text: String) -> Timestamp? { read(text) { withT($0, $1) } }

    /// `withSpace(_:_:)` of a text, blanks around it ignored.
    static func withSpace(_ text: String) -> Timestamp? { read(text) { withSpace($0, $1) } }
}

extension PhoneNumberText {
    /// `normalized(_:_:)` of a text, blanks around it ignored.
    static func normalized(_ text: String) -> String? { read(text) { normalized($0, $1) } }
}

extension DecimalText {
    /// `plain(_:_:)` of a text, blanks around it ignored.
    static func plain(_ text: String) -> String? { read(text) { plain($0, $1) } }
}

private func read<Value>(_ text: String, _ body: (ByteView, Range<Int>) -> Value?) -> Value? {
    var text = text
    return text.withUTF8 { bytes in
        let view = ByteView(UnsafeRawBufferPointer(bytes))
        return body(view, view.trimmed(0..<view.count))
    }
}
