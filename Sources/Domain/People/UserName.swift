/// What a user is called; 1 to 100 characters, without control characters.
package struct UserName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// How many characters a name may have.
    package static let limit = 100

    /// - Parameter text: blanks at its ends are dropped; nil if nothing is left, if it is too long,
    ///   or if it holds control characters or marks that change the direction of text.
    package init?(_ text: some StringProtocol) {
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = text.unicodeScalars.drop(while: isBlank)
        let end = scalars.lastIndex { !isBlank($0) }
        guard let end else { return nil }
        let name = String(String.UnicodeScalarView(scalars[...end]))
        guard name.unicodeScalars.count <= Self.limit,
            name.unicodeScalars.allSatisfy(Self.isAllowed)
        else { return nil }
        description = name
    }

    /// The name of a user for whom none was given: what stands before the address's `@`.
    package init(of email: EmailAddress) {
        description = String(email.text.prefix { $0 != "@" })
    }

    /// What a name must be, for the message to whoever wrote another one.
    package static let rule = "1 to \(limit) characters without control characters"

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .surrogate, .lineSeparator, .paragraphSeparator: false
        // The joiners of scripts and emoji are format characters too.
        case .format: scalar == "\u{200C}" || scalar == "\u{200D}"
        default: true
        }
    }
}
