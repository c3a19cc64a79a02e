/// Why libcrypto or libcrypt could not do an operation. Holds no secret and no input.
package struct CryptoFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed list of failures.
    package enum Code: String, Sendable, CaseIterable {
        /// This libcrypto does not offer the algorithm; MD5 under a FIPS provider, for example.
        case unavailableAlgorithm = "unavailable_algorithm"
        /// The system has no random numbers.
        case noRandomness = "no_randomness"
        /// libcrypt gave no hash: it does not know the method, or has no memory for it.
        case noPasswordHash = "no_password_hash"
    }

    /// Which failure.
    package let code: Code
    /// The algorithm or the operation, for people.
    package let subject: String

    /// - Parameters:
    ///   - code: which failure.
    ///   - subject: the algorithm or the operation; no secret, no input.
    package init(_ code: Code, _ subject: String) {
        self.code = code
        self.subject = subject
    }

    /// One line for people, safe to show.
    package var description: String {
        switch code {
        case .unavailableAlgorithm: "this system's libcrypto does not offer \(subject)"
        case .noRandomness: "the system gave no random bytes for \(subject)"
        case .noPasswordHash: "this system's libcrypt made no hash: \(subject)"
        }
    }
}
