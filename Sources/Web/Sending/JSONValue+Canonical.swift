private import Foundation
import Telemetry

/// A JSON document that somebody sent us.
///
/// Foundation's decoder reads 1,000 recipients in 0.6 ms; its bridge to NSNumber would be four times
/// as fast and cannot tell `true` from 1 without asking C. Of a member that comes twice it keeps one.
indirect enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Any other number, written as it is stored.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What people nest by hand is flat; a decoder's stack is not without end.
    static let depthLimit = 32

    /// Each costs the decoder up to 20 µs, and a call in order has fewer, even if its texts are made
    /// of brackets: 250 KB of nothing but brackets took 2.3 s.
    private static let bracketLimit = 20_000

    /// - Throws: `DecodingError` and the like for what is no JSON, nests deeper than `depthLimit`,
    ///   holds more than 20,000 opening brackets, or a number that `Decimal` cannot hold.
    init(_ bytes: [UInt8]) throws {
        let brackets = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        guard brackets <= Self.bracketLimit else { throw Self.refusal("too many brackets") }
        self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    private static func refusal(_ reason: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: reason))
    }

    /// The same value always as the same text: members in the order of their names.
    func write(into json: inout JSONText) {
        switch self {
        case .null: json.null()
        case .boolean(let value): json.boolean(value)
        case .integer(let value): json.integer(value)
        case .number(let text): json.raw(text)
        case .string(let text): json.string(text)
        case .array(let values):
            json.beginArray()
            for value in values { value.write(into: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                json.key(name)
                value.write(into: &json)
            }
            json.endObject()
        }
    }

    /// `write(into:)` alone.
    var canonicalBytes: [UInt8] {
        var json = JSONText()
        write(into: &json)
        return json.bytes
    }

    /// Whether a string or a member's name holds a NUL, which PostgreSQL cannot.
    var holdsNUL: Bool {
        switch self {
        case .null, .boolean, .integer, .number: false
        case .string(let text): text.utf8.contains(0)
        case .array(let values): values.contains(where: \.holdsNUL)
        case .object(let members):
            members.contains { $0.key.utf8.contains(0) || $0.value.holdsNUL }
        }
    }

    /// The kind of value, for people.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: Decodable {
    init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count <= Self.depthLimit else {
            throw Self.refusal("too deep")
        }
        let container = try decoder.singleValueContainer()
        // Strings first: they are nearly all there is, and each miss makes an error.
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Decimal.self) {
            self = .number(value.description)
        } else if (try? decoder.unkeyedContainer()) != nil {
            self = .array(try container.decode([JSONValue].self))
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}
