/// The right to use the JSON API. The key itself is not stored, only its SHA-256.
package struct APIKey: Sendable, Equatable {
    /// What a key allows.
    package enum Scope: String, Sendable, CaseIterable, Comparable {
        /// Messages and their reports.
        case read
        /// Sending messages.
        case send
        /// The state of the service.
        case admin

        package static func < (a: Scope, b: Scope) -> Bool { a.rawValue < b.rawValue }
    }

    /// The owner's name; 1 to 100 characters, unique among the valid keys.
    package let name: String
    package let scopes: Set<Scope>
    package let createdAt: Timestamp
    /// To the minute; nil before the first use.
    package let lastUsedAt: Timestamp?
    /// Nil while the key is valid.
    package let revokedAt: Timestamp?

    package init(
        name: String, scopes: Set<Scope>, createdAt: Timestamp, lastUsedAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.name = name
        self.scopes = scopes
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}

/// Where keys are kept.
package protocol APIKeyStore: Sendable {
    /// The valid key with this SHA-256, nil if there is none. Records that it was used.
    func key(hash: [UInt8]) throws(StoreFailure) -> APIKey?
}
