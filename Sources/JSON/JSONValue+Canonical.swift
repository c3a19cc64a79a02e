extension JSONValue {
    /// The same text for every spelling of a value: members in the order of their names' code
    /// points, whole numbers without fraction and exponent, fractions without trailing zeros.
    package var canonicalBytes: [UInt8] {
        var json = JSONWriter()
        write(into: &json)
        return json.bytes
    }

    private func write(into json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .boolean(let value): json.boolean(value)
        case .number(let text):
            if let integer { json.integer(integer) } else { json.raw(Self.shortest(text)) }
        case .string(let text): json.string(text)
        case .array(let values):
            json.array { list in
                for value in values { value.write(into: &list) }
            }
        case .object(let members):
            json.object { object in
                for member in members.inOrderOfNames {
                    object.key(member.name)
                    member.value.write(into: &object)
                }
            }
        }
    }

    /// A number without trailing zeros in its fraction, and without a point before nothing.
    private static func shortest(_ number: String) -> String {
        guard number.utf8.contains(UInt8(ascii: ".")),
            !number.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") })
        else { return number }
        let zeros = number.utf8.reversed().prefix { $0 == UInt8(ascii: "0") }.count
        let shortened = number.dropLast(zeros)
        return String(shortened.last == "." ? shortened.dropLast() : shortened)
    }

    /// The kind of value, for people.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Whether a string or a member's name holds a NUL, which PostgreSQL cannot.
    package var holdsNUL: Bool {
        switch self {
        case .null, .boolean, .number: false
        case .string(let text): text.utf8.contains(0)
        case .array(let values): values.contains(where: \.holdsNUL)
        case .object(let members):
            members.contains { $0.name.utf8.contains(0) || $0.value.holdsNUL }
        }
    }
}

extension [JSONValue.Member] {
    /// In the order of UTF-8's bytes, which is that of code points.
    package var inOrderOfNames: [JSONValue.Member] {
        sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
