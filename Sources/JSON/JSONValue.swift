/// A JSON text in memory, for the answers of providers: small, and far fewer than callbacks, which
/// are read in place.
enum JSONValue: Equatable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    /// As it was written.
    case number(String)
    case boolean(Bool)
    case null

    /// One member of an object.
    struct Member: Equatable {
        let name: String
        let value: JSONValue
    }

    /// Nil for what is no JSON within the bounds of `JSONReader`; its depth bounds the recursion.
    ///
    /// Bytes that are no UTF-8 become U+FFFD, and so does what PostgreSQL cannot hold.
    init?(_ body: [UInt8]) {
        let value = body.withUnsafeBytes { bytes -> JSONValue? in
            var reader = JSONReader(ByteView(bytes))
            do throws(JSONFault) {
                let value = try Self.read(&reader)
                try reader.finish()
                return value
            } catch {
                return nil
            }
        }
        guard let value else { return nil }
        self = value
    }

    private static func read(_ reader: inout JSONReader) throws(JSONFault) -> JSONValue {
        switch reader.peek() {
        case UInt8(ascii: "{"):
            var members: [Member] = []
            try reader.enterObject()
            while let key = try reader.nextKey() {
                let name = reader.bytes.text(key).text
                members.append(Member(name: name, value: try read(&reader)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try reader.enterArray()
            while try reader.nextElement() { elements.append(try read(&reader)) }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(reader.bytes.text(try reader.scanString()).text)
        case UInt8(ascii: "t"):
            try reader.scanLiteral()
            return .boolean(true)
        case UInt8(ascii: "f"):
            try reader.scanLiteral()
            return .boolean(false)
        case UInt8(ascii: "n"):
            try reader.scanLiteral()
            return .null
        default:
            return .number(reader.bytes.text(try reader.scanNumber().range))
        }
    }

    /// The first member of this name; nil where there is none, where it is `null`, and for all that
    /// is no object.
    subscript(name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == name })?.value, value != .null else {
            return nil
        }
        return value
    }

    /// An object's members; none for anything else.
    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// An array's elements; none for anything else.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// A string's text, a number as it was written; nil for anything else and for an empty string.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text.isEmpty ? nil : text
        default: nil
        }
    }

    /// An integer's value; nil for anything else.
    var int32: Int32? {
        if case .number(let text) = self { Int32(text) } else { nil }
    }
}
