/// The e-mail address that a user signs in with. No mail is ever sent to it.
///
/// Two addresses are equal if they differ only in the case of letters.
package struct EmailAddress: Sendable, Hashable {
    /// As it was written when the account was made.
    package let text: String
    /// The form that is compared: the text in lower case.
    package let key: String

    /// The longest address in bytes. Source: RFC 5321, section 4.5.3.1.3, less the brackets.
    package static let byteLimit = 254

    /// - Parameter text: one `@` with a local part of up to 64 bytes before it and a domain after
    ///   it; letters of any script, no blanks, no control characters, and none of the characters
    ///   that would need quoting. Nil otherwise.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= Self.byteLimit, text.unicodeScalars.allSatisfy(Self.isAllowed)
        else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
            Self.isDotted(parts[0]), Self.isDotted(parts[1])
        else { return nil }
        let labels = parts[1].split(separator: ".")
        guard labels.allSatisfy({ !$0.hasPrefix("-") && !$0.hasSuffix("-") && $0.utf8.count <= 63 })
        else { return nil }
        self.text = text
        key = text.lowercased()
    }

    package static func == (a: Self, b: Self) -> Bool { a.key == b.key }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// What an address must be, for the message to whoever wrote another one.
    package static let rule =
        "an address like ann@example.com: one @, no blanks, at most \(byteLimit) bytes"

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            false
        default: !"\"(),:;<>[\\]".unicodeScalars.contains(scalar)
        }
    }

    /// Whether dots stand only between other characters.
    private static func isDotted(_ part: Substring) -> Bool {
        part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }
}

extension EmailAddress: CustomStringConvertible {
    package var description: String { text }
}
