/// Secrets that all processes share, to sign what clients carry back to any of them.
package protocol SigningSecrets: Sendable {
    /// The secret for a purpose: 32 bytes, the same in every process.
    func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8]
}

/// What is signed; each purpose has a secret of its own.
package enum SigningPurpose: String, Sendable, CaseIterable {
    /// Cursors of lists.
    case cursor
    /// Tickets of live streams.
    case ticket
}
