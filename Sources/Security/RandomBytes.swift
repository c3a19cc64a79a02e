private import CCrypto

/// Random bytes from libcrypto's generator, which the kernel seeds.
package enum RandomBytes {
    /// Fresh random bytes.
    ///
    /// - Parameter count: how many, 1 to 4096.
    /// - Returns: exactly so many.
    /// - Throws: `CryptoFailure` with `noRandomness`; a weaker source is never used.
    package static func make(count: Int) throws(CryptoFailure) -> [UInt8] {
        precondition((1...4096).contains(count), "1 to 4096 random bytes")
        var made = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            made = RAND_bytes(output.baseAddress, Int32(count)) == 1
            initialized = made ? count : 0
        }
        guard made else { throw CryptoFailure(.noRandomness, "\(count) bytes") }
        return bytes
    }

    /// A token for URLs and headers: base64url without padding.
    ///
    /// - Parameter byteCount: its strength; 32 bytes give 43 characters and 256 bits.
    /// - Returns: a new token each time.
    /// - Throws: `CryptoFailure` with `noRandomness`.
    package static func token(byteCount: Int = 32) throws(CryptoFailure) -> String {
        Base64.encode(try make(count: byteCount), alphabet: .url)
    }
}
