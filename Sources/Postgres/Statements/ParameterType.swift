/// A built-in type that can be sent, by the object ids of itself and of its array.
///
/// Source: PostgreSQL, src/include/catalog/pg_type.dat.
struct ParameterType: Sendable {
    let identifier: UInt32
    let arrayIdentifier: UInt32

    static let bool = Self(identifier: 16, arrayIdentifier: 1000)
    static let bytea = Self(identifier: 17, arrayIdentifier: 1001)
    static let int8 = Self(identifier: 20, arrayIdentifier: 1016)
    static let int2 = Self(identifier: 21, arrayIdentifier: 1005)
    static let int4 = Self(identifier: 23, arrayIdentifier: 1007)
    static let text = Self(identifier: 25, arrayIdentifier: 1009)
    static let timestamptz = Self(identifier: 1184, arrayIdentifier: 1185)
    static let uuid = Self(identifier: 2950, arrayIdentifier: 2951)
}

/// The object ids of column and parameter types, where they matter beyond the ones we send.
enum TypeIdentifier {
    static let jsonb: UInt32 = 3802

    /// json, text, bpchar, varchar, name, "char", unknown: their binary form is their text.
    private static let textual: Set<UInt32> = [18, 19, 25, 114, 705, 1042, 1043]

    /// Types of extensions and of our own, such as enumerations and domains, have ids from here.
    private static let firstUserDefined: UInt32 = 16384

    /// Whether values of this type are their text in binary form, too.
    static func isTextual(_ identifier: UInt32) -> Bool {
        textual.contains(identifier) || identifier >= firstUserDefined
    }

    /// Whether the server, expecting one type, reads the binary form of another correctly.
    static func accepts(expected: UInt32, sent: UInt32) -> Bool {
        expected == sent || expected >= firstUserDefined
            || (sent == ParameterType.text.identifier && isTextual(expected))
            // varchar[] for text[]; the server checks the elements' type itself.
            || (sent == ParameterType.text.arrayIdentifier && expected == 1015)
    }
}
