/// The country code that a number in E.164 begins with, and what may follow it.
///
/// Source: ITU-T E.164, list of assigned country codes: no code is the beginning of another one, so
/// the first digits tell how long it is.
struct CountryCode {
    /// The number of its digits, 1 to 3; the number may end before.
    let length: Int
    /// Whether a 0 follows where no number has one: the national prefix was left in.
    let isFollowedByNationalZero: Bool

    /// - Parameter number: digits in ASCII, country code first.
    init(of number: ArraySlice<UInt8>) {
        length = Self.length(of: number)
        isFollowedByNationalZero =
            number.dropFirst(length).first == UInt8(ascii: "0")
            && !Self.withLeadingZero.contains { number.starts(with: $0) }
    }

    private static func length(of number: ArraySlice<UInt8>) -> Int {
        var digits = number.prefix(2).makeIterator()
        guard let first = digits.next(), let second = digits.next() else { return 1 }
        return switch (first & 0xF, second & 0xF) {
        case (1, _), (7, _): 1
        case (2, 0), (2, 7), (3, 0...4), (3, 6), (3, 9), (4, 0...1), (4, 3...9), (5, 1...8),
            (6, 0...6), (8, 1...2), (8, 4), (8, 6), (9, 0...5), (9, 8):
            2
        default: 3
        }
    }

    /// The beginnings of numbers that have a 0 after their country code, from abroad too.
    ///
    /// Italy, Norway (five digits), Ivory Coast, Burkina Faso, Niger, Benin, Gabon, Congo,
    /// Ascension, Rwanda (06 only: its other numbers have a national 0), Botswana, Eswatini, San
    /// Marino, Vatican, Belize, Panama, Tonga, Fiji, New Caledonia, Macau, Qatar, Tajikistan; and
    /// of no country, free numbers, satellites and relief. Some are toll-free numbers that hardly
    /// receive SMS; the provider decides that. Toll-free numbers that begin with 00 are left out in
    /// countries whose own numbers have a national 0, because the 0 there is that prefix. Source:
    /// metadata of Google's libphonenumber 9.0, patterns of all numbers of a country.
    private static let withLeadingZero: [[UInt8]] = """
        390 470 2250 2260 2270 2290 2410 2420 2470 25006 2670 2680 3780 3790 5010 5070 6760 6790 \
        6870 8000 8530 8810 8880 9740 9920
        """.split(separator: " ").map { Array($0.utf8) }
}
