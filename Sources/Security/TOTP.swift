/// Codes that change with time: six digits of HMAC-SHA-1, a new one each 30 seconds, as every
/// authenticator app makes them.
///
/// A code is good in its own step and in the one before and after it, for clocks that differ. Who
/// accepts one keeps its step, so that no code is taken twice. Source: RFC 6238 and RFC 4226.
package struct TOTP: Sendable {
    private let key: HMACKey

    /// How long a code is shown.
    package static let stepSeconds: Int64 = 30
    /// How many bytes a new secret has: as many as a SHA-1 digest.
    package static let secretByteCount = 20
    private static let digits = 6
    private static let drift: Int64 = 1

    /// - Parameter secret: not empty.
    /// - Throws: `CryptoFailure` with `unavailableAlgorithm`.
    package init(secret: [UInt8]) throws(CryptoFailure) {
        guard let secret = Secret(secret) else {
            throw CryptoFailure(.unavailableAlgorithm, "TOTP without a secret")
        }
        key = try HMACKey(secret, algorithm: .sha1)
    }

    /// A new secret.
    ///
    /// - Throws: `CryptoFailure` with `noRandomness`.
    package static func makeSecret() throws(CryptoFailure) -> [UInt8] {
        try RandomBytes.make(count: secretByteCount)
    }

    /// The number of the step that a moment is in.
    package static func step(atUnixSeconds seconds: Int64) -> Int64 { seconds / stepSeconds }

    /// The code of a step, with its leading zeros.
    package func code(step: Int64) -> String {
        let counter = withUnsafeBytes(of: UInt64(bitPattern: step).bigEndian) { Array($0) }
        let digest = key.code(for: counter)
        let offset = Int(digest[digest.count - 1] & 0xF)
        var number: UInt32 = 0
        for byte in digest[offset..<offset + 4] { number = number << 8 | UInt32(byte) }
        let text = String((number & 0x7FFF_FFFF) % 1_000_000)
        return String(repeating: "0", count: Self.digits - text.count) + text
    }

    /// The step whose code this is.
    ///
    /// - Parameters:
    ///   - code: six digits; blanks between them do not count.
    ///   - seconds: the present time, in Unix seconds.
    ///   - lastStep: the step of the last code that was accepted; it and earlier ones are used up.
    /// - Returns: nil for a code of no step that may be used now. All candidates are compared, each
    ///   in constant time.
    package func step(
        of code: String, atUnixSeconds seconds: Int64, after lastStep: Int64? = nil
    ) -> Int64? {
        let typed = code.utf8.filter { $0 != UInt8(ascii: " ") }
        let now = Self.step(atUnixSeconds: seconds)
        var found: Int64?
        for step in (now - Self.drift)...(now + Self.drift) where step >= 0 {
            let isSame = ConstantTime.areEqual(typed, Array(self.code(step: step).utf8))
            if isSame, lastStep.map({ step > $0 }) ?? true { found = step }
        }
        return found
    }

    /// The address that an authenticator app reads from a QR code.
    ///
    /// - Parameters:
    ///   - secret: the secret.
    ///   - account: whose code it is, for the app's list.
    ///   - issuer: where it is used, for the same list.
    /// - Returns: `otpauth://totp/…`. Source: Google Authenticator's "Key Uri Format".
    package static func address(secret: [UInt8], account: String, issuer: String) -> String {
        "otpauth://totp/\(escaped(issuer)):\(escaped(account))?secret=\(Base32.encode(secret))"
            + "&issuer=\(escaped(issuer))&algorithm=SHA1&digits=\(digits)&period=\(stepSeconds)"
    }

    private static func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped.append(contentsOf: "%\(Hexadecimal.encode([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

/// A code that stands in for a TOTP code once, for whoever has lost the app: 80 random bits as
/// sixteen characters of Base32 in groups of four. Only its digest is kept.
package enum RecoveryCode {
    /// How many a user has.
    package static let count = 10
    private static let byteCount = 10

    /// A new code.
    ///
    /// - Throws: `CryptoFailure` with `noRandomness`.
    package static func generate() throws(CryptoFailure) -> String {
        let text = Array(Base32.encode(try RandomBytes.make(count: byteCount)))
        return stride(from: 0, to: text.count, by: 4)
            .map { String(text[$0..<min($0 + 4, text.count)]) }.joined(separator: "-")
    }

    /// The digest of a code as it was typed: case, blanks and hyphens do not count. Nil if it
    /// cannot be a code.
    package static func digest(of typed: String) -> SHA256Digest? {
        let letters = typed.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        guard let bytes = Base32.decode(letters), bytes.count == byteCount else { return nil }
        return SHA256.digest(of: bytes)
    }
}
