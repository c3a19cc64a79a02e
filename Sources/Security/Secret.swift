/// A text that proves an identity: a password, a token, a key.
///
/// It prints as `<redacted>`, also inside of other values. There is no `==`, because it would stop
/// at the first different byte and so reveal its position.
package struct Secret: Sendable {
    private let bytes: [UInt8]

    /// - Parameter bytes: not empty; nil otherwise, since an empty secret proves nothing.
    package init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    /// - Parameter text: not empty; its UTF-8 bytes are the secret, also where it looks like
    ///   hexadecimal or base64.
    package init?(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// Lends the secret's bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }

    /// Whether this is the same secret, in constant time.
    package func matches(_ other: [UInt8]) -> Bool {
        ConstantTime.areEqual(bytes, other)
    }

    /// The SHA-256 digest of the bytes, which a table may hold for a long random secret.
    package var digest: SHA256Digest { SHA256.digest(of: bytes) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the secret.
    package var description: String { "<redacted>" }
    /// Never the secret.
    package var debugDescription: String { "<redacted>" }
    /// No children: `dump` and test failures would print the bytes otherwise.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
