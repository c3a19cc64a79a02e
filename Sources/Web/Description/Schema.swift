package import JSON

/// A JSON Schema (2020-12) as OpenAPI 3.1 uses it.
package struct Schema: Sendable, Equatable {
    package let json: JSONValue

    package init(_ json: JSONValue) { self.json = json }

    private init(_ members: [(String, JSONValue)]) {
        json = .object(members.map { JSONValue.Member(name: $0.0, value: $0.1) })
    }

    /// A component of the document by its name; see `Component`.
    package static func component(_ name: String) -> Schema {
        Schema([("$ref", .string("#/components/schemas/\(name)"))])
    }

    /// A text; the lengths are in characters.
    package static func text(
        _ lengths: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil
    ) -> Schema {
        var members: [(String, JSONValue)] = [("type", .string("string"))]
        if let format { members.append(("format", .string(format))) }
        if let lengths {
            members.append(("minLength", .number("\(lengths.lowerBound)")))
            members.append(("maxLength", .number("\(lengths.upperBound)")))
        }
        if let pattern { members.append(("pattern", .string(pattern))) }
        return Schema(members)
    }

    /// One of some words.
    package static func word(_ words: [String]) -> Schema {
        Schema([("type", .string("string")), ("enum", .array(words.map { .string($0) }))])
    }

    /// RFC 3339.
    package static let time = text(format: "date-time")
    package static let uuid = text(format: "uuid")
    package static let flag = Schema([("type", .string("boolean"))])
    package static let number = Schema([("type", .string("number"))])
    package static let integer = Schema([("type", .string("integer"))])

    /// A number with at most three decimals.
    package static func thousandths(_ range: ClosedRange<Int>) -> Schema {
        Schema([
            ("type", .string("number")), ("minimum", .number("\(range.lowerBound)")),
            ("maximum", .number("\(range.upperBound)")), ("multipleOf", .number("0.001")),
        ])
    }

    package static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema([
            ("type", .string("integer")), ("minimum", .number("\(range.lowerBound)")),
            ("maximum", .number("\(range.upperBound)")),
        ])
    }

    package static func array(
        _ element: Schema, _ counts: ClosedRange<Int>? = nil, isUnique: Bool = false
    ) -> Schema {
        var members = [("type", JSONValue.string("array")), ("items", element.json)]
        if let counts {
            members.append(("minItems", .number("\(counts.lowerBound)")))
            members.append(("maxItems", .number("\(counts.upperBound)")))
        }
        if isUnique { members.append(("uniqueItems", .boolean(true))) }
        return Schema(members)
    }

    /// An object with these members and no others.
    ///
    /// - Parameters:
    ///   - members: in the order of the document.
    ///   - optional: those of them that may be absent.
    /// - Returns: the schema.
    package static func object(
        _ members: KeyValuePairs<String, Schema>, optional: Set<String> = []
    ) -> Schema {
        let required = members.map(\.key).filter { !optional.contains($0) }
        var schema: [(String, JSONValue)] = [
            ("type", .string("object")),
            (
                "properties",
                .object(members.map { JSONValue.Member(name: $0.key, value: $0.value.json) })
            ),
        ]
        if !required.isEmpty {
            schema.append(("required", .array(required.map { .string($0) })))
        }
        schema.append(("additionalProperties", .boolean(false)))
        return Schema(schema)
    }

    /// The same object with more members.
    package func with(_ members: KeyValuePairs<String, Schema>) -> Schema {
        Schema(
            .object(
                json.members.map { member in
                    switch (member.name, member.value) {
                    case ("properties", .object(let known)):
                        JSONValue.Member(
                            name: member.name,
                            value: .object(
                                known
                                    + members.map {
                                        JSONValue.Member(name: $0.key, value: $0.value.json)
                                    }))
                    case ("required", .array(let known)):
                        JSONValue.Member(
                            name: member.name,
                            value: .array(known + members.map { .string($0.key) }))
                    default: member
                    }
                }))
    }

    /// The same object with one more member that may be absent.
    package func with(optional name: String, _ schema: Schema) -> Schema {
        Schema(
            .object(
                json.members.map { member in
                    guard member.name == "properties", case .object(let known) = member.value else {
                        return member
                    }
                    return JSONValue.Member(
                        name: member.name,
                        value: .object(known + [JSONValue.Member(name: name, value: schema.json)]))
                }))
    }

    /// An object whose names are data, as provider names are.
    package static func map(of value: Schema) -> Schema {
        Schema([("type", .string("object")), ("additionalProperties", value.json)])
    }

    /// An object with any members.
    package static let anyObject = Schema([("type", .string("object"))])

    package static func any(of schemas: [Schema]) -> Schema {
        Schema([("anyOf", .array(schemas.map(\.json)))])
    }

    /// The same, or null.
    package var orNull: Schema {
        .any(of: [self, Schema([("type", .string("null"))])])
    }

    /// The same with a sentence for readers.
    package func described(_ description: String) -> Schema {
        Schema(
            .object(
                json.members + [
                    JSONValue.Member(name: "description", value: .string(description))
                ]))
    }
}
