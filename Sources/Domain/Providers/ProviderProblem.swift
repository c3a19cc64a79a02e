/// A provider's own reason why it did not take a message. Safe to show.
package struct ProviderProblem: Error, Sendable, Equatable {
    /// The provider's code, or the HTTP status where there is none.
    package let code: String
    package let text: String

    package init(code: String, text: String) {
        // A provider's page may be long; the beginning tells. Scalars, since there is no bound to
        // what is one character.
        self.code = String(String.UnicodeScalarView(code.unicodeScalars.prefix(100)))
        self.text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(500)))
    }
}
