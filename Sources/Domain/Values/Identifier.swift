/// A 128-bit identifier (RFC 9562 UUID) of one kind of thing.
///
/// The type parameter keeps a callback's id from being used as a message's. Identifiers order as
/// their bytes do, which is also how PostgreSQL orders the type `uuid`.
package struct Identifier<Kind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    @inlinable
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func < (a: Self, b: Self) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

extension Identifier {
    /// A new version 7 identifier: 48 bits of Unix milliseconds, then 74 random bits, so that
    /// identifiers of later times order later. Source: RFC 9562, section 5.7.
    package static func new(at time: Timestamp) -> Self {
        let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        var generator = UniqueNumbers()
        return Self(
            high: milliseconds << 16 | 0x7000 | generator.next() & 0xFFF,
            low: 0x8000_0000_0000_0000 | generator.next() & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// The version 7 identifier of a moment whose 74 other bits come from a digest.
    ///
    /// Equal moments and digests give equal identifiers, so the identifier can be computed from the
    /// digested values without a look-up.
    package static func new(
        atMillisecondOf other: Identifier<some Any>, digest: some Collection<UInt8>
    ) -> Self {
        let bits = Self.derived(fromDigest: digest)
        return Self(
            high: other.high & 0xFFFF_FFFF_FFFF_0000 | 0x7000 | bits.high & 0xFFF, low: bits.low)
    }

    /// The version 8 identifier made of the first sixteen bytes of a cryptographic digest.
    ///
    /// Equal digests give equal identifiers, and none equals one from `new(at:)`.
    /// Source: RFC 9562, section 5.8.
    @inlinable
    package static func derived(fromDigest digest: some Collection<UInt8>) -> Self {
        precondition(digest.count >= 16, "a digest of sixteen bytes or more")
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in digest.prefix(16).enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        return Self(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// Four bits that show how the identifier was made: 7 for `new(at:)`, 8 for
    /// `derived(fromDigest:)`.
    package var version: Int { Int(high >> 12 & 0xF) }
}

extension Identifier {
    /// Reads the canonical form: 36 characters, lower-case hexadecimal, hyphens at 8, 13, 18, 23.
    ///
    /// Nothing else is accepted, so that two spellings never name one thing.
    package init?(_ text: some StringProtocol) {
        guard let value = Self.parse(text.utf8) else { return nil }
        self = value
    }

    /// Reads the form in letters of any case, as it may have been copied.
    ///
    /// Source: RFC 9562, section 4: written in lower case, read in any.
    package init?(anyCase text: some StringProtocol) {
        self.init(text.lowercased())
    }

    /// Reads the canonical form from UTF-8 bytes; see `init(_:)`.
    @inlinable
    package init?(utf8: some Sequence<UInt8>) {
        guard let value = Self.parse(utf8) else { return nil }
        self = value
    }

    @usableFromInline
    static func parse(_ bytes: some Sequence<UInt8>) -> Self? {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in bytes {
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            case 36...:
                return nil
            default:
                let digit: UInt8
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
                default: return nil
                }
                if position < 18 {
                    high = high << 4 | UInt64(digit)
                } else {
                    low = low << 4 | UInt64(digit)
                }
            }
            position += 1
        }
        return position == 36 ? Self(high: high, low: low) : nil
    }

    /// The canonical form, in lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = nibble < 16 ? high : low
                let digit = UInt8(word >> UInt64(60 - nibble % 16 * 4) & 0xF)
                text[position] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }
}

/// The key of a message everywhere: version 7 if we sent it, version 8 if a report named it first.
package typealias MessageID = Identifier<MessageKind>
/// The key of one request that sends messages; version 7.
package typealias SendRequestID = Identifier<SendRequestKind>
/// The key of one lease of messages by a dispatcher; version 7.
package typealias LeaseID = Identifier<LeaseKind>
/// The key of one archived callback.
package typealias CallbackID = Identifier<CallbackKind>

/// The key of a message that somebody sent to us; it follows from the provider's name of it.
package typealias InboundID = Identifier<InboundKind>
/// The key of one entry of the opt-outs.
package typealias OptOutID = Identifier<OptOutKind>

/// Only tells the kind of an identifier, as the others here.
package enum MessageKind {}
package enum InboundKind {}
package enum OptOutKind {}
package enum SendRequestKind {}
package enum LeaseKind {}
package enum CallbackKind {}
