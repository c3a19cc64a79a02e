/// Why the store did not answer. Safe to show.
package struct StoreFailure: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The database is unreachable or busy; trying again may help.
        case unavailable
        /// A failure that trying again does not change.
        case failed
    }

    package let code: Code
    package let description: String
    /// Whether it is certain that no server answers at all. False if one answers without having a
    /// connection, time or resources left, if our own connections are all in use (a busy database),
    /// and if it was not checked; `APIKeyStore` checks.
    package let isAway: Bool

    package init(_ code: Code, _ description: String, isAway: Bool = false) {
        self.code = code
        self.description = description
        self.isAway = isAway
    }
}
