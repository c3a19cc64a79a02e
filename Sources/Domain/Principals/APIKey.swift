/// The right to use the JSON API. Its secrets are not stored, only their SHA-256.
package struct APIKey: Sendable, Equatable {
    /// Stays when the secret changes.
    package let id: APIKeyID
    /// The owner's name; 1 to 100 characters, unique among the valid keys.
    package let name: String
    package let scopes: Set<Scope>
    package let createdAt: Timestamp
    /// To the minute; nil before the first use.
    package let lastUsedAt: Timestamp?
    /// Nil while the key is valid.
    package let revokedAt: Timestamp?
    /// When it ends with all of its secrets; nil for never.
    package let expiresAt: Timestamp?
    /// From where it may be used; empty for everywhere.
    package let networks: [IPNetwork]
    /// Who made it; nil if that was before anybody noted it.
    package let maker: Submitter?
    /// Its secrets that have not expired, the newest first; for a key that was found by a secret,
    /// only that one.
    package let secrets: [IssuedSecret]

    package init(
        id: APIKeyID, name: String, scopes: Set<Scope>, createdAt: Timestamp,
        lastUsedAt: Timestamp? = nil, revokedAt: Timestamp? = nil, expiresAt: Timestamp? = nil,
        networks: [IPNetwork] = [], maker: Submitter? = nil, secrets: [IssuedSecret] = []
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
        self.expiresAt = expiresAt
        self.networks = networks
        self.maker = maker
        self.secrets = secrets
    }

    /// Whether it may be used from an address; nil for one that nginx did not name.
    package func admits(_ address: String?) -> Bool { networks.admit(address) }

    /// The record of a secret, without the secret itself.
    package struct IssuedSecret: Sendable, Equatable {
        package let createdAt: Timestamp
        /// When it ends; nil for as long as its key is valid.
        package let expiresAt: Timestamp?
        /// To the minute; nil before the first use.
        package let lastUsedAt: Timestamp?

        package init(createdAt: Timestamp, expiresAt: Timestamp?, lastUsedAt: Timestamp?) {
            self.createdAt = createdAt
            self.expiresAt = expiresAt
            self.lastUsedAt = lastUsedAt
        }
    }
}

/// Where keys are kept.
package protocol APIKeyStore: Sendable {
    /// The key that has a secret of this SHA-256, nil if there is none, if the secret has expired or
    /// the key was revoked. Records that it was used, unless the key itself has expired.
    func key(hash: [UInt8]) throws(StoreFailure) -> APIKey?

    /// The key that had a secret of this SHA-256, which was revoked or has ended; nil if nobody ever had
    /// it. Changes nothing.
    func endedKey(hash: [UInt8]) throws(StoreFailure) -> APIKey?
}
