private import CCrypto

/// Comparisons whose duration does not show where two values differ.
package enum ConstantTime {
    /// Whether two byte strings are equal.
    ///
    /// The position of a difference does not show in the time, nor does the length of either when
    /// they differ: then their digests are compared, which costs the same for every wrong value.
    package static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.withUnsafeBytes { a in b.withUnsafeBytes { b in areEqual(a, b) } }
    }

    /// Whether two ranges of memory hold equal bytes; see `areEqual(_:_:)` over arrays.
    package static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else {
            // Different lengths cannot have equal digests; the comparison only takes the usual
            // time.
            return SHA256.digest(of: a) == SHA256.digest(of: b)
        }
        return sameBytes(a, b)
    }

    static func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return CRYPTO_memcmp(first, second, a.count) == 0
    }
}
