/// A key by which a receiver knows that an event comes from us. Any thread.
///
/// Source: Standard Webhooks 1.0.0, "Signature scheme": what is signed is `id.timestamp.body`.
package struct WebhookKey: Sendable {
    private let kind: Kind

    private enum Kind: Sendable {
        case shared(HMACKey, Secret)
        case pair(Ed25519Key, Secret)
    }

    /// The random bytes of a key.
    package static let byteCount = 32

    /// A key that both sides hold: `v1`, HMAC-SHA256.
    ///
    /// - Throws: `CryptoFailure` where libcrypto has no such algorithm.
    package init(shared bytes: [UInt8]) throws(CryptoFailure) {
        guard let secret = Secret(bytes) else { throw CryptoFailure(.noRandomness, "a key") }
        kind = .shared(try HMACKey(secret), secret)
    }

    /// A private key, of which the receiver holds the public one: `v1a`, Ed25519.
    ///
    /// - Throws: `CryptoFailure` where libcrypto has no such algorithm, or for another length.
    package init(private bytes: [UInt8]) throws(CryptoFailure) {
        guard let secret = Secret(bytes), let key = try Ed25519Key(bytes) else {
            throw CryptoFailure(.noRandomness, "a key")
        }
        kind = .pair(key, secret)
    }

    /// What the receiver needs: `whsec_` and the shared key, or `whpk_` and the public one.
    package var receiverText: String {
        switch kind {
        case .shared(_, let secret):
            "whsec_" + secret.withBytes { Base64.encode(Array($0)) }
        case .pair(let key, _): "whpk_" + Base64.encode(key.publicKey)
        }
    }

    /// The signature of one attempt, with its version: `v1,…`.
    ///
    /// - Parameters:
    ///   - id: of the event; without a full stop.
    ///   - timestamp: of the attempt, in seconds since 1970.
    ///   - body: exactly the bytes that are sent.
    /// - Returns: one entry of `webhook-signature`.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        switch kind {
        case .shared(let key, _): return "v1," + Base64.encode(key.code(for: signed))
        case .pair(let key, _): return "v1a," + Base64.encode(key.signature(of: signed))
        }
    }
}
