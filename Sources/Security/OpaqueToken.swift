/// The token of a session or of a one-time link: 256 random bits as 43 base64url characters.
///
/// Only its digest is kept; a plain SHA-256 is enough, as for an `APIToken`.
package struct OpaqueToken: Sendable {
    private let secret: Secret

    private static let byteCount = 32

    /// A new token.
    ///
    /// - Throws: `CryptoFailure` with `noRandomness`.
    package static func generate() throws(CryptoFailure) -> OpaqueToken {
        guard let token = OpaqueToken(try RandomBytes.token(byteCount: byteCount)) else {
            preconditionFailure("a generated token reads back")
        }
        return token
    }

    /// Reads a token from a request; nil unless it is written as `generate()` writes it.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        // Longer ones need not be decoded first.
        guard characters.count == 43,
            let decoded = Base64.decode(characters, alphabet: .url),
            decoded.count == Self.byteCount, let secret = Secret(characters)
        else { return nil }
        self.secret = secret
    }

    /// The SHA-256 of the whole text, under which the database finds what it is for.
    package var digest: SHA256Digest { secret.digest }

    /// The token itself, to be given once to its owner.
    package var revealed: String {
        secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension OpaqueToken: CustomStringConvertible, CustomReflectable {
    /// Never the token.
    package var description: String { "<redacted>" }
    /// No children, as in `Secret`.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
