private import CCrypto

/// A password's hash as a table holds it, in the form of crypt(5).
///
/// New ones are yescrypt of cost 7, which takes about 60 ms and 64 MiB; the memory goes back to the
/// system with each call. bcrypt's are only verified. Any thread, but a caller must see to it that
/// few run at once. Source: crypt(3) and crypt(5) of libxcrypt.
package struct PasswordHash: Sendable {
    /// As the table holds it; never to be shown.
    package let stored: String

    /// How a hash was made.
    package enum Method: Sendable, Equatable {
        case yescrypt
        /// With the logarithm of its rounds.
        case bcrypt(cost: Int)
    }

    package let method: Method

    /// The most bytes of a password that are hashed. bcrypt reads 72 of them.
    package static let passwordByteLimit = 256
    /// Rounds beyond which a hash is not verified: cost 14 takes 0.7 s.
    package static let bcryptCosts = 4...14

    /// Costs 1 to 7, as libxcrypt writes them: more would take more memory than is set aside.
    private static let yescryptParameters: Set = ["j75", "j85", "j7T", "j8T", "j9T", "jAT", "jBT"]
    private static let prefix: StaticString = "$y$"
    private static let cost: UInt = 7
    /// How every hash of that cost begins.
    private static let current = "$y$jBT$"

    /// Reads a hash; nil unless it is yescrypt (`$y$`) of cost 7 at most or bcrypt (`$2a$`, `$2b$`,
    /// `$2y$`) with a cost in `bcryptCosts`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (20...200).contains(bytes.count), bytes.allSatisfy(Self.isHashCharacter) else {
            return nil
        }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        switch parts.count > 1 ? parts[1] : "" {
        case "y":
            guard parts.count == 5, Self.yescryptParameters.contains(String(parts[2])),
                !parts[3].isEmpty, parts[4].utf8.count == 43
            else { return nil }
            method = .yescrypt
        case "2a", "2b", "2y":
            guard bytes.count == 60, parts.count == 4, parts[2].utf8.count == 2,
                let cost = Int(parts[2]), Self.bcryptCosts.contains(cost)
            else { return nil }
            method = .bcrypt(cost: cost)
        default: return nil
        }
        stored = text
    }

    /// Hashes a password.
    ///
    /// - Parameter password: at most `passwordByteLimit` bytes, none of them zero.
    /// - Returns: a yescrypt hash of cost 7 with a salt of its own.
    /// - Throws: `CryptoFailure` with `noPasswordHash`.
    package static func make(_ password: [UInt8]) throws(CryptoFailure) -> PasswordHash {
        guard isHashable(password) else {
            throw CryptoFailure(.noPasswordHash, "the password is too long or has a zero byte")
        }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let prefix = UnsafeRawPointer(Self.prefix.utf8Start).assumingMemoryBound(to: CChar.self)
        guard waybill_crypt_setting(prefix, cost, &setting) == 1 else {
            throw CryptoFailure(.noPasswordHash, "it offers no yescrypt")
        }
        let hash = try crypt(password, setting)
        guard let made = PasswordHash(hash), !made.isOutdated else {
            throw CryptoFailure(.noPasswordHash, "its yescrypt is not of cost 7")
        }
        return made
    }

    /// Whether a password has this hash, compared in constant time.
    ///
    /// - Parameter password: any bytes; one that cannot be hashed takes as long as another.
    /// - Returns: false also for a password that no hash is made of.
    /// - Throws: `CryptoFailure` with `noPasswordHash`; then nothing is known.
    package func matches(_ password: [UInt8]) throws(CryptoFailure) -> Bool {
        let isHashable = Self.isHashable(password)
        let hash = try Self.crypt(isHashable ? password : [], stored.utf8.map(CChar.init) + [0])
        return ConstantTime.areEqual(Array(hash.utf8), Array(stored.utf8)) && isHashable
    }

    /// Whether a new hash should take its place at the next sign-in.
    package var isOutdated: Bool { !stored.hasPrefix(Self.current) }

    /// The hash of a random text that nobody knows; to spend the usual time on an account that does
    /// not exist.
    package static let decoy: PasswordHash = {
        let text = "$y$jBT$7FFinaMKiBu375xDMKAKP0$n0wmzz7G4aEYhlcgzLmtX08nO3YyKu.CniJt1rTje79"
        guard let hash = PasswordHash(text) else { preconditionFailure("the decoy is a hash") }
        return hash
    }()

    private static func isHashable(_ password: [UInt8]) -> Bool {
        password.count <= passwordByteLimit && !password.contains(0)
    }

    private static func isHashCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "$"):
            true
        default: false
        }
    }

    private static func crypt(
        _ password: [UInt8], _ setting: [CChar]
    ) throws(CryptoFailure) -> String {
        var phrase = password.map { CChar(bitPattern: $0) }
        phrase.append(0)
        defer { phrase.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        var output = [CChar](repeating: 0, count: Int(CRYPT_OUTPUT_SIZE))
        let length = waybill_crypt(phrase, setting, &output)
        guard length > 0 else {
            throw CryptoFailure(.noPasswordHash, "it refused the setting, or has too little memory")
        }
        return String(decoding: output[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    /// Never the hash.
    package var description: String { "<redacted>" }
    /// No children, as in `Secret`.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
