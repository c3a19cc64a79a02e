/// How similar two texts are that may be spellings of one phone number.
///
/// Providers rewrite numbers: +549… to +54…, +521… to +52…, with or without a national 0 or the
/// country code. All of these have the subscriber's own digits at the end.
package struct NumberLikeness: Comparable, Sendable {
    /// Equal digits at the end.
    private let suffix: Int
    /// Equal digits at the beginning.
    private let prefix: Int

    private static let subscriberDigits = 7
    private static let countryDigits = 2

    /// Nil unless enough digits at the end are equal for a subscriber's number, and the country is
    /// the same, or the shorter text is the longer one without some digits.
    package init?(_ a: DialledDigits, _ b: DialledDigits) {
        suffix = zip(a.bytes.reversed(), b.bytes.reversed()).prefix { $0 == $1 }.count
        prefix = zip(a.bytes, b.bytes).prefix { $0 == $1 }.count
        guard suffix >= Self.subscriberDigits,
            prefix >= Self.countryDigits
                || prefix + suffix >= min(a.bytes.count, b.bytes.count)
        else { return nil }
    }

    package static func < (a: Self, b: Self) -> Bool {
        (a.suffix, a.prefix) < (b.suffix, b.prefix)
    }
}

/// A number in any spelling, without dialling prefixes.
package struct DialledDigits: Hashable, Sendable {
    fileprivate let bytes: [UInt8]

    package init(_ text: String) {
        let digits = text.utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        bytes = Array(digits.drop { $0 == UInt8(ascii: "0") })
    }

    /// Whether providers are known to rewrite numbers that begin so: mobile phones in Argentina
    /// and, as they were written until 2019, in Mexico.
    package var isOftenRewritten: Bool {
        bytes.starts(with: "549".utf8) || bytes.starts(with: "521".utf8)
    }
}
