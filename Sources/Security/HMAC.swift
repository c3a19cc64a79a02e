private import CCrypto

/// A secret and its hash algorithm, ready to authenticate messages.
///
/// The algorithm is fixed when the key is made, so no request can choose it. A code costs about 1
/// µs, and 0.5 µs more for each kilobyte. Any thread.
/// Source: RFC 2104; the algorithms are those of Infobip's notification profiles.
package struct HMACKey: Sendable {
    /// The supported hashes; the raw value is the word in the configuration.
    ///
    /// MD5 and SHA-1 are there because Infobip offers them; in HMAC they are still sound.
    package enum Algorithm: String, Sendable, CaseIterable {
        case md5
        case sha1
        case sha224
        case sha256
        case sha384
        case sha512

        /// The length of a code, in bytes.
        package var byteCount: Int {
            switch self {
            case .md5: 16
            case .sha1: 20
            case .sha224: 28
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }

        /// libcrypto's name.
        fileprivate var name: StaticString {
            switch self {
            case .md5: "MD5"
            case .sha1: "SHA1"
            case .sha224: "SHA224"
            case .sha256: "SHA256"
            case .sha384: "SHA384"
            case .sha512: "SHA512"
            }
        }
    }

    /// The hash that the key is used with.
    package let algorithm: Algorithm
    private let secret: Secret

    private static let hmac = waybill_hmac_fetch()

    /// Checks by one trial that libcrypto offers the algorithm.
    ///
    /// - Throws: `CryptoFailure` with `unavailableAlgorithm`.
    package init(_ secret: Secret, algorithm: Algorithm = .sha256) throws(CryptoFailure) {
        self.algorithm = algorithm
        self.secret = secret
        guard Self.hmac != 0, compute(over: UnsafeRawBufferPointer(start: nil, count: 0)) != nil
        else { throw CryptoFailure(.unavailableAlgorithm, "HMAC-\(algorithm.name)") }
    }

    /// The authentication code of a range of memory, `algorithm.byteCount` bytes.
    package func code(for bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard let code = compute(over: bytes) else {
            // The trial in `init` succeeded, so memory has run out; a made-up value must never be
            // returned.
            preconditionFailure("libcrypto made no HMAC")
        }
        return code
    }

    /// The authentication code of a byte array, `algorithm.byteCount` bytes.
    package func code(for bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { code(for: $0) }
    }

    /// Whether a code is the one of these bytes, in constant time.
    package func isValid(_ code: [UInt8], for bytes: [UInt8]) -> Bool {
        ConstantTime.areEqual(code, self.code(for: bytes))
    }

    private func compute(over bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        let code = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            count = secret.withBytes { key in
                // libcrypto reads a null pointer as "none given", not as an empty key or message.
                withUnsafeBytes(of: UInt8(0)) { empty in
                    waybill_hmac(
                        Self.hmac, algorithm.name.utf8CString, key.baseAddress ?? empty.baseAddress,
                        key.count, bytes.baseAddress ?? empty.baseAddress, bytes.count,
                        output.baseAddress)
                }
            }
        }
        return code.count == algorithm.byteCount ? code : nil
    }
}

extension StaticString {
    /// The text as C reads it: a literal ends in a zero byte.
    fileprivate var utf8CString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
