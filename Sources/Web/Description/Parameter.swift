import Domain
import JSON

/// A parameter of a route's query.
package struct Parameter: Sendable {
    package let name: String
    /// What values it takes.
    package let form: Form
    /// One sentence for the documentation.
    package let description: String
    /// A valid value.
    package let example: String
    package let isRequired: Bool
    /// Whether `name` is the beginning of the names that may be given, each with its own value.
    package let isPrefix: Bool

    package init(
        _ name: String, _ form: Form, _ description: String, example: String,
        isRequired: Bool = false, isPrefix: Bool = false
    ) {
        self.name = name
        self.form = form
        self.description = description
        self.example = example
        self.isRequired = isRequired
        self.isPrefix = isPrefix
    }

    /// The form of a value: what is checked before the endpoint, and what the documentation says.
    package enum Form: Sendable {
        /// A text of so many characters.
        case text(ClosedRange<Int>)
        case integer(ClosedRange<Int>)
        /// One of these.
        case word([String])
        /// One or more of these, with commas between.
        case words([String])
        /// `true` or `false`.
        case flag
        /// RFC 3339 with its zone.
        case time
        /// In letters of any case.
        case uuid
        /// Anything else.
        ///
        /// - Parameters:
        ///   - schema: for the documentation.
        ///   - takes: ends the sentence "It takes …".
        ///   - accepts: whether a value is valid; what it accepts the endpoint may still refuse.
        case other(Schema, takes: String, accepts: @Sendable (String) -> Bool)
    }
}

extension Parameter.Form {
    package var schema: Schema {
        switch self {
        case .text(let lengths): .text(lengths)
        case .integer(let range): .integer(range)
        case .word(let words): .word(words)
        case .words(let words): .array(.word(words), 1...words.count)
        case .flag: .flag
        case .time: .time
        case .uuid: .uuid
        case .other(let schema, _, _): schema
        }
    }

    /// Ends the sentence "It takes …".
    var takes: String {
        switch self {
        case .text(let lengths): "\(lengths.lowerBound) to \(lengths.upperBound) characters"
        case .integer(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .word(let words): "one of \(words.joined(separator: ", "))"
        case .words(let words):
            "one or more of \(words.joined(separator: ", ")), with commas between"
        case .flag: "true or false"
        case .time:
            "a time with its zone from 1970 on, as in 2026-11-20T15:30:06Z (a + is written %2B)"
        case .uuid: "an id of 36 characters, as in 01a1fe3e-56fc-7b8e-b8d5-90733bb58452"
        case .other(_, let takes, _): takes
        }
    }

    func accepts(_ value: String) -> Bool {
        switch self {
        case .text(let lengths): return lengths.contains(value.unicodeScalars.count)
        case .integer(let range):
            return !value.isEmpty && value.utf8.count <= 18
                && value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                && Int(value).map(range.contains) ?? false
        case .word(let words): return words.contains(value)
        case .words(let words):
            let given = value.split(separator: ",", omittingEmptySubsequences: false)
            return given.count <= words.count && given.allSatisfy { words.contains(String($0)) }
        case .flag: return value == "true" || value == "false"
        case .time: return (try? Timestamp(rfc3339: value)) != nil
        case .uuid: return MessageID(anyCase: value) != nil
        case .other(_, _, let accepts): return accepts(value)
        }
    }
}
