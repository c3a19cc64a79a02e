/// A 64-bit hash that is the same in every process and version: FNV-1a over fields.
///
/// It distinguishes the reports of one message, and the statuses of providers. It does not protect
/// against deliberate collisions: only authenticated input is hashed. Source: draft-eastlake-fnv,
/// 64-bit parameters.
package struct Fingerprint: Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    /// The hash of all that was added, as PostgreSQL's `bigint` holds it.
    package var value: Int64 { Int64(bitPattern: state) }

    /// Adds a number, or its absence.
    package mutating func add(_ number: Int64?) {
        guard let number else { return mix(0) }
        mix(1)
        var rest = UInt64(bitPattern: number)
        var left = 8
        while rest != 0 {
            mix(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
            left -= 1
        }
        // A byte 0 multiplies, and does nothing else.
        state = state &* Self.powers[left]
    }

    /// Adds a text, or its absence; its length is added too, so that adjacent fields cannot merge.
    package mutating func add(_ text: String?) {
        guard var text else { return mix(0) }
        add(Int64(text.utf8.count))
        text.withUTF8 { bytes in
            for byte in bytes { mix(byte) }
        }
    }

    private mutating func mix(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* Self.prime
    }

    private static let prime: UInt64 = 0x100_0000_01B3
    /// The prime to the powers of 0 to 8.
    private static let powers: InlineArray<9, UInt64> = InlineArray { exponent in
        (0..<exponent).reduce(1) { power, _ in power &* prime }
    }
}
