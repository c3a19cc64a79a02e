import Foundation

/// A JSON text as a tree, in which numbers and flags are told apart.
package enum JSONTree: Decodable, Equatable, Sendable {
    case object([String: JSONTree])
    case array([JSONTree])
    case string(String)
    case number(Double)
    case flag(Bool)
    case null

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let elements = try? value.decode([JSONTree].self) {
            self = .array(elements)
        } else {
            self = .object(try value.decode([String: JSONTree].self))
        }
    }

    /// Reads a text; nil if it is not JSON.
    package init?(_ bytes: some Sequence<UInt8>) {
        guard let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(bytes)) else {
            return nil
        }
        self = tree
    }

    /// An object's member.
    package subscript(name: String) -> JSONTree? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    package var members: [String: JSONTree] {
        if case .object(let members) = self { members } else { [:] }
    }

    package var elements: [JSONTree] {
        if case .array(let elements) = self { elements } else { [] }
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// Checks JSON against the schemas of an OpenAPI document, as far as our documents use JSON Schema.
/// A keyword that it does not know is a problem, so that none is passed over.
///
/// Source: JSON Schema 2020-12.
package struct SchemaCheck: Sendable {
    private let document: JSONTree

    /// - Parameter document: holds the components that references name.
    package init(_ document: JSONTree) { self.document = document }

    /// What is wrong with a value; nothing if it meets the schema.
    package func problems(
        of value: JSONTree, against schema: JSONTree, at place: String = "$"
    ) -> [String] {
        var problems: [String] = []
        func check(_ holds: Bool, _ problem: String) {
            if !holds { problems.append("\(place): \(problem)") }
        }
        for (keyword, wanted) in schema.members {
            switch (keyword, wanted) {
            case ("$ref", .string(let reference)):
                guard let target = resolve(reference) else {
                    check(false, "there is no \(reference)")
                    continue
                }
                problems += self.problems(of: value, against: target, at: place)
            case ("type", .string(let type)):
                check(Self.isOfType(value, type), "is no \(type): \(value)")
            case ("enum", .array(let values)):
                check(values.contains(value), "is none of \(values)")
            case ("const", _):
                check(value == wanted, "is not \(wanted)")
            case ("anyOf", .array(let schemas)):
                let each = schemas.map { self.problems(of: value, against: $0, at: place) }
                check(each.contains { $0.isEmpty }, "meets none: \(each)")
            case ("minimum", .number(let least)):
                if case .number(let number) = value { check(number >= least, "is below \(least)") }
            case ("maximum", .number(let most)):
                if case .number(let number) = value { check(number <= most, "is above \(most)") }
            case ("multipleOf", .number(let unit)):
                if case .number(let number) = value {
                    let times = number / unit
                    check(abs(times - times.rounded()) < 1e-6, "is no multiple of \(unit)")
                }
            case ("minLength", .number(let least)):
                if let text = value.text { check(Self.length(text) >= least, "is too short") }
            case ("maxLength", .number(let most)):
                if let text = value.text { check(Self.length(text) <= most, "is too long") }
            case ("pattern", .string(let pattern)):
                if let text = value.text { check(Self.matches(text, pattern), "is not \(pattern)") }
            case ("format", .string(let format)):
                if let text = value.text { check(Self.isOfFormat(text, format), "is no \(format)") }
            case ("minItems", .number(let least)):
                if case .array(let list) = value { check(Double(list.count) >= least, "too few") }
            case ("maxItems", .number(let most)):
                if case .array(let list) = value { check(Double(list.count) <= most, "too many") }
            case ("uniqueItems", .flag(true)):
                let elements = value.elements
                check(
                    !elements.indices.contains { elements[..<$0].contains(elements[$0]) },
                    "holds something twice")
            case ("items", _):
                for (index, element) in value.elements.enumerated() {
                    problems += self.problems(
                        of: element, against: wanted, at: "\(place)[\(index)]")
                }
            case ("required", .array(let names)):
                guard case .object(let members) = value else { continue }
                for name in names.compactMap(\.text) {
                    check(members[name] != nil, "lacks \(name)")
                }
            case ("properties", .object(let properties)):
                for (name, property) in properties {
                    guard let member = value[name] else { continue }
                    problems += self.problems(of: member, against: property, at: "\(place).\(name)")
                }
            case ("additionalProperties", _):
                let known = schema["properties"]?.members ?? [:]
                for (name, member) in value.members where known[name] == nil {
                    if wanted == .flag(false) {
                        check(false, "has a member \(name) too many")
                    } else {
                        problems += self.problems(
                            of: member, against: wanted, at: "\(place).\(name)")
                    }
                }
            case ("description", _), ("default", _), ("title", _), ("examples", _):
                break
            default:
                check(false, "the schema has \(keyword), which this check does not know")
            }
        }
        return problems
    }

    /// The part of the document that a reference names.
    package func resolve(_ reference: String) -> JSONTree? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(document) { tree, name in
            tree?[String(name).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
    }

    private static func isOfType(_ value: JSONTree, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("number", .number),
            ("boolean", .flag), ("null", .null):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }

    private static func length(_ text: String) -> Double { Double(text.unicodeScalars.count) }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return false }
        return text.firstMatch(of: expression) != nil
    }

    private static func isOfFormat(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time":
            text.wholeMatch(
                of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/) != nil
        case "date": text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil
        case "uuid": UUID(uuidString: text) != nil
        case "email": text.contains("@")
        case "uri": URL(string: text)?.scheme != nil
        default: false
        }
    }
}
