/// Why the store did not answer. Safe to show.
package struct StoreFailure: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The database is away or busy; trying again may help.
        case unavailable
        /// Something is wrong that trying again does not mend.
        case failed
    }

    package let code: Code
    package let description: String
    /// Whether it is sure that no server answers at all. False where one does and has no
    /// connection, no time or no resources left, where our own connections are all in use (that is
    /// a busy database), and where nobody found out. `APIKeyStore` does.
    package let isAway: Bool

    package init(_ code: Code, _ description: String, isAway: Bool = false) {
        self.code = code
        self.description = description
        self.isAway = isAway
    }
}
