private import CCrypto

/// A private key of Ed25519. Any thread. Source: RFC 8032.
package struct Ed25519Key: Sendable {
    private let secret: Secret
    /// 32 bytes.
    package let publicKey: [UInt8]

    package static let byteCount = 32
    package static let signatureByteCount = 64

    /// - Parameter bytes: 32 random bytes; nil for any other count.
    /// - Throws: `CryptoFailure` with `unavailableAlgorithm`.
    package init?(_ bytes: [UInt8]) throws(CryptoFailure) {
        guard bytes.count == Self.byteCount, let secret = Secret(bytes) else { return nil }
        self.secret = secret
        var isMade = false
        publicKey = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { output, count in
            isMade = waybill_ed25519_public(bytes, output.baseAddress) == 1
            count = isMade ? Self.byteCount : 0
        }
        guard isMade else { throw CryptoFailure(.unavailableAlgorithm, "Ed25519") }
    }

    /// The signature of a message, 64 bytes; a pure function of key and message.
    package func signature(of message: [UInt8]) -> [UInt8] {
        let signature = [UInt8](unsafeUninitializedCapacity: Self.signatureByteCount) {
            output, count in
            let isMade = secret.withBytes { key in
                waybill_ed25519_sign(
                    key.bindMemory(to: UInt8.self).baseAddress, message, message.count,
                    output.baseAddress)
            }
            count = isMade == 1 ? Self.signatureByteCount : 0
        }
        // The key was good at the start, so memory has run out.
        precondition(!signature.isEmpty, "libcrypto made no signature")
        return signature
    }

    /// Whether a signature is that of a message.
    ///
    /// - Parameters:
    ///   - signature: 64 bytes.
    ///   - message: what was signed.
    ///   - publicKey: 32 bytes.
    /// - Returns: false for any other, and for other lengths.
    package static func isValid(
        _ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]
    ) -> Bool {
        signature.count == signatureByteCount && publicKey.count == byteCount
            && waybill_ed25519_verify(publicKey, signature, message, message.count) == 1
    }
}
