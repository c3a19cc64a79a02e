/// The five characters by which PostgreSQL names an error.
///
/// Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
package struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// Five upper-case letters or digits; the first two are the class.
    package let description: String

    /// Takes what the server sent.
    ///
    /// - Parameter text: five letters or digits; nil otherwise.
    package init?(_ text: String) {
        guard text.utf8.count == 5,
            text.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
        else { return nil }
        description = text
    }

    /// The first two characters.
    package var errorClass: Substring { description.prefix(2) }
}

extension SQLState {
    /// The kind of failure that it stands for.
    package var code: PostgresError.Code {
        switch description {
        case "25006": .readOnly
        case "25P03": .timeout
        case "26000": .staleStatement
        case "42501": .permission
        case "55P03", "57014": .timeout
        case "57P01", "57P02", "57P03", "57P04", "57P05": .unavailable
        default: Self.codes[errorClass] ?? .other
        }
    }

    /// Whether the server closes the connection with it.
    var endsConnection: Bool {
        switch description {
        case "25P03", "57P01", "57P02", "57P03", "57P04", "57P05": true
        default: errorClass == "08"
        }
    }

    private static let codes: [Substring: PostgresError.Code] = [
        "08": .connection,
        // A key twice in one batch of `on conflict do update`: splitting the batch separates them.
        "21": .data,
        "22": .data,
        "23": .integrity,
        "25": .transactionState,
        "28": .permission,
        "2D": .transactionState,
        "3B": .transactionState,
        "3D": .undefined,
        "3F": .undefined,
        "40": .serialization,
        "42": .undefined,
        "44": .integrity,
        "53": .unavailable,
        // For example a value too long for an index: the row is faulty, not the server.
        "54": .data,
        "57": .unavailable,
        "58": .unavailable,
    ]
}
