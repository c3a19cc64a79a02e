/// A JSON text in memory, for small texts read in no fixed order. Callbacks are read in place.
///
/// Two values are equal if they have the same code points, apart from white space and escapes: `1`
/// is not `1.0`, and "é" in one code point is not "é" in two.
package enum JSONValue: Equatable, Sendable {
    /// In the order of the text.
    case object([Member])
    case array([JSONValue])
    case string(String)
    /// As it was written.
    case number(String)
    case boolean(Bool)
    case null

    /// One member of an object.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        package static func == (a: Self, b: Self) -> Bool {
            ExactName(a.name) == ExactName(b.name) && a.value == b.value
        }
    }

    package static func == (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.object(let a), .object(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.string(let a), .string(let b)), (.number(let a), .number(let b)):
            ExactName(a) == ExactName(b)
        case (.boolean(let a), .boolean(let b)): a == b
        case (.null, .null): true
        default: false
        }
    }

    /// Reads a text strictly.
    ///
    /// No object has a member twice; names are the same only if their code points are.
    ///
    /// - Parameters:
    ///   - body: UTF-8.
    ///   - limits: the bounds of the text; they also bound its cost.
    /// - Throws: `JSONFault` for text that is not JSON, an exceeded bound, a name twice, bytes that
    ///   are not UTF-8, an unpaired surrogate, or an exponent beyond 127.
    package init(
        strict body: [UInt8], limits: JSONReader.Limits = JSONReader.Limits()
    ) throws(JSONFault) {
        self = try body.withUnsafeBufferPointer { body throws(JSONFault) -> JSONValue in
            let bytes = ByteView(UnsafeRawBufferPointer(body))
            var builder = JSONBuilder(bytes, limits, isStrict: true)
            return try builder.text()
        }
    }

    /// Reads a provider's answer as far as possible.
    ///
    /// Of a member that comes twice the first counts. Bytes that are not UTF-8, NUL and unpaired
    /// surrogates become U+FFFD, so that PostgreSQL can hold the texts.
    ///
    /// - Parameter body: the result is nil if it is not JSON within the usual bounds.
    package init?(_ body: [UInt8]) {
        let value = body.withUnsafeBytes { body -> JSONValue? in
            var builder = JSONBuilder(ByteView(body), JSONReader.Limits(), isStrict: false)
            do throws(JSONFault) { return try builder.text() } catch { return nil }
        }
        guard let value else { return nil }
        self = value
    }

    /// The first member of this name; nil if there is none, if it is `null`, or if this is not an
    /// object.
    package subscript(name: String) -> JSONValue? {
        // Compares code points; Swift's `==` would compare characters.
        let member = members.first { $0.name.utf8.elementsEqual(name.utf8) }
        guard let value = member?.value, value != .null else { return nil }
        return value
    }

    /// An object's members; none for anything else.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// An array's elements; none for anything else.
    package var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// A string's text, a number as it was written; nil for anything else and for an empty string.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): text.isEmpty ? nil : text
        default: nil
        }
    }

    /// A whole number's value, also if it is written as `5.0` or `5e0`; nil for anything else.
    package var integer: Int64? {
        guard case .number(var text) = self else { return nil }
        return text.withUTF8 { bytes in
            ByteView(UnsafeRawBufferPointer(bytes)).integer(0..<bytes.count)
        }
    }

    /// The same within 32 bits.
    package var int32: Int32? { integer.flatMap { Int32(exactly: $0) } }
}

/// Builds a value out of what a reader reads.
private struct JSONBuilder {
    private var reader: JSONReader
    private let isStrict: Bool
    private var count = 0

    /// Up to this many names are compared with each other; more are put into a set.
    private static let fewNames = 8
    /// Beyond it a short number would take hundreds of digits when stored and shown.
    private static let exponentLimit = 127

    init(_ bytes: ByteView, _ limits: JSONReader.Limits, isStrict: Bool) {
        reader = JSONReader(bytes, limits: limits)
        self.isStrict = isStrict
    }

    mutating func text() throws(JSONFault) -> JSONValue {
        let value = try value()
        try reader.finish()
        return value
    }

    /// Recursive; the depth's bound limits it.
    private mutating func value() throws(JSONFault) -> JSONValue {
        count += 1
        let byte = reader.peek()
        guard count <= reader.limits.values else {
            throw JSONFault(.tooManyValues, at: reader.position)
        }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try reader.enterArray()
            while try reader.nextElement() { elements.append(try value()) }
            return .array(elements)
        case UInt8(ascii: "\""):
            let string = try reader.scanString()
            return .string(try text(string))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let characters = try reader.scanNumber()
            return .number(try number(characters))
        default:
            try reader.scanLiteral()
            switch byte {
            case UInt8(ascii: "t"): return .boolean(true)
            case UInt8(ascii: "f"): return .boolean(false)
            default: return .null
            }
        }
    }

    private mutating func object() throws(JSONFault) -> JSONValue {
        let start = reader.position
        var members: [JSONValue.Member] = []
        try reader.enterObject()
        while let key = try reader.nextKey() {
            let name = try text(key)
            members.append(JSONValue.Member(name: name, value: try value()))
        }
        if isStrict, Self.hasTwins(members) { throw JSONFault(.duplicateName, at: start) }
        return .object(members)
    }

    private static func hasTwins(_ members: [JSONValue.Member]) -> Bool {
        guard members.count > fewNames else {
            for index in members.indices.dropFirst() {
                let name = ExactName(members[index].name)
                for other in members[..<index] where ExactName(other.name) == name {
                    return true
                }
            }
            return false
        }
        var seen: Set<ExactName> = []
        seen.reserveCapacity(members.count)
        return members.contains { !seen.insert(ExactName($0.name)).inserted }
    }

    private func text(_ string: JSONString) throws(JSONFault) -> String {
        if let flaw = reader.flaw, isStrict || flaw.code != .invalidUTF8 { throw flaw }
        guard string.isEscaped else { return reader.bytes.text(string.range) }
        guard isStrict else { return reader.bytes.text(string).text }
        let (bytes, isRepaired) = reader.bytes.unescaped(string, keepsNUL: true)
        if isRepaired { throw JSONFault(.halfSurrogate, at: string.start) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func number(_ number: JSONString) throws(JSONFault) -> String {
        let text = try text(number)
        if isStrict, let mark = text.utf8.lastIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            let exponent = Int(text[text.utf8.index(after: mark)...]) ?? .max
            guard abs(max(exponent, -.max)) <= Self.exponentLimit else {
                throw JSONFault(.hugeNumber, at: number.start)
            }
        }
        return text
    }
}
