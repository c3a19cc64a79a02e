/// What admitted the reader of a stream, and is looked at again while the stream is open.
package enum StreamCredential: Sendable, Hashable {
    /// A key, by the SHA-256 of the secret that was used.
    case key(hash: [UInt8])
    case session(SessionID)
}

/// Tells whether those who read streams still may.
package protocol StreamAdmission: Sendable {
    /// Looks at all of them at once, and counts as no activity of theirs.
    ///
    /// - Parameter credentials: at most one of each.
    /// - Returns: what each may do now; those that may read no longer are absent, because they were
    ///   revoked, have ended, or belong to a user who is disabled.
    /// - Throws: `StoreFailure`; then nothing is known.
    func rights(
        of credentials: Set<StreamCredential>
    ) throws(StoreFailure) -> [StreamCredential: StreamRights]
}

/// What a reader of streams may do.
package struct StreamRights: Sendable, Equatable {
    /// A user's; nil of a key.
    package let role: Role?
    /// From where a key may be used; empty for everywhere, as for users.
    package let networks: [IPNetwork]

    package init(role: Role?, networks: [IPNetwork] = []) {
        self.role = role
        self.networks = networks
    }

    /// Whether a stream may go on that was opened with a role, from an address.
    package func admit(role opened: Role?, from address: String?) -> Bool {
        opened == role && networks.admit(address)
    }
}
