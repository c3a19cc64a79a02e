/// A provider's own reason for not accepting a message. Safe to show.
package struct ProviderProblem: Error, Sendable, Equatable {
    /// The provider's code, or the HTTP status if there is none.
    package let code: String
    package let text: String

    package init(code: String, text: String) {
        // A provider's page may be long; the beginning is enough. Cut by scalars, because one
        // character may be arbitrarily long.
        self.code = String(String.UnicodeScalarView(code.unicodeScalars.prefix(100)))
        self.text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(500)))
    }
}
