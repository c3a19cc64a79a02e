/// A key to be.
package struct APIKeyDraft: Sendable, Equatable {
    /// 1 to 100 characters.
    package let name: String
    /// At least one.
    package let scopes: Set<Scope>
    /// Nil for never.
    package let expiresAt: Timestamp?
    /// At most `networkLimit`; empty for everywhere.
    package let networks: [IPNetwork]

    /// The longest name, in characters as PostgreSQL counts them.
    package static let nameLimit = 100
    /// How many networks a key may have.
    package static let networkLimit = 100

    package init(
        name: String, scopes: Set<Scope>, expiresAt: Timestamp? = nil, networks: [IPNetwork] = []
    ) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.networks = networks
    }
}

/// The result of making a key.
package enum APIKeyCreation: Sendable, Equatable {
    case created(APIKey)
    /// A valid key has this name.
    case nameTaken
    /// There are as many valid keys as there may be.
    case tooMany
}

/// Where keys are managed. Every change writes its audit entry in the same transaction.
package protocol APIKeyRegister: Sendable {
    /// All keys, revoked ones too, in the order of their creation; at most `keyListLimit`.
    func list() throws(StoreFailure) -> [APIKey]

    /// Makes a key with a secret of this SHA-256.
    func create(
        _ draft: APIKeyDraft, hash: [UInt8], by requester: Requester
    ) throws(StoreFailure) -> APIKeyCreation

    /// Makes a key invalid; false if there is no such key, or it was revoked before.
    func revoke(_ id: APIKeyID, by requester: Requester) throws(StoreFailure) -> Bool
}

/// How many keys a list shows.
package let keyListLimit = 10_000

/// How many valid keys there may be.
package let keyLimit = 1000
