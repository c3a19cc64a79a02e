/// A key of our API, `wb_` and 43 base64url characters: 256 random bits.
///
/// Only its digest is kept. A plain SHA-256 is enough: nobody can guess 256 random bits, and a slow
/// hash would cost every request. The prefix lets scanners find keys in published code.
package struct APIToken: Sendable {
    private let secret: Secret

    /// What every key begins with.
    package static let prefix = "wb_"
    private static let byteCount = 32

    /// A new key.
    ///
    /// - Throws: `CryptoFailure` with `noRandomness`.
    package static func generate() throws(CryptoFailure) -> APIToken {
        let token = prefix + (try RandomBytes.token(byteCount: byteCount))
        guard let key = APIToken(token) else { preconditionFailure("a generated key reads back") }
        return key
    }

    /// Reads a token from a request; nil unless it is written as `generate()` writes it.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.starts(with: Self.prefix.utf8),
            let decoded = Base64.decode(
                Array(characters.dropFirst(Self.prefix.utf8.count)), alphabet: .url),
            decoded.count == Self.byteCount, let secret = Secret(characters)
        else { return nil }
        self.secret = secret
    }

    /// The SHA-256 of the whole text, under which the database finds the key.
    package var digest: SHA256Digest { secret.digest }

    /// The key itself, to be shown once to its new owner.
    package var revealed: String {
        secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension APIToken: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    package var description: String { "<redacted>" }
    /// No children, as in `Secret`.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
