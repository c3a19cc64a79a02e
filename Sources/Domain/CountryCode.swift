/// The country code that a number in E.164 begins with, and what may follow it.
///
/// Source: ITU-T E.164, list of assigned country codes: no code is the beginning of another one, so
/// the first digits tell how long it is.
struct CountryCode {
    /// One to three digits; fewer than the code has if the number ends before.
    let digits: String
    /// Whether a 0 follows it where no number has one: somebody left the national prefix in.
    let isFollowedByNationalZero: Bool

    /// - Parameter number: digits in ASCII, country code first.
    init(of number: [UInt8]) {
        let length = Self.length(of: number)
        digits = String(decoding: number.prefix(length), as: UTF8.self)
        isFollowedByNationalZero =
            number.dropFirst(length).first == UInt8(ascii: "0")
            && !Self.withLeadingZero.contains { number.starts(with: $0) }
    }

    private static func length(of number: [UInt8]) -> Int {
        guard number.count >= 2 else { return 1 }
        let (first, second) = (number[0] & 0xF, number[1] & 0xF)
        if first == 1 || first == 7 { return 1 }
        return ofTwoDigits[Int(first)].contains(second) ? 2 : 3
    }

    /// The second digits of the codes of two digits, by the first.
    private static let ofTwoDigits: [[UInt8]] = [
        [], [], [0, 7], [0, 1, 2, 3, 4, 6, 9], [0, 1, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 3, 4, 5, 6], [], [1, 2, 4, 6], [0, 1, 2, 3, 4, 5, 8],
    ]

    /// How numbers begin that have a 0 behind their country code, from abroad too.
    ///
    /// Italy, Norway (five digits), Ivory Coast, Burkina Faso, Niger, Benin, Gabon, Congo, Ascension,
    /// Rwanda (06 only: its other numbers have a national 0), Botswana, Eswatini, San Marino, Vatican,
    /// Belize, Panama, Tonga, Fiji, New Caledonia, Macau, Qatar, Tajikistan; and of no country,
    /// free numbers, satellites and relief. Some are toll-free numbers that hardly take an SMS: that is
    /// for the provider to say. Left out are toll-free numbers that begin with 00 in countries whose
    /// own numbers have a national 0: what stands there is that 0.
    /// Source: metadata of Google's libphonenumber 9.0, patterns of all numbers of a country.
    private static let withLeadingZero: [[UInt8]] = """
        390 470 2250 2260 2270 2290 2410 2420 2470 25006 2670 2680 3780 3790 5010 5070 6760 6790 \
        6870 8000 8530 8810 8880 9740 9920
        """.split(separator: " ").map { Array($0.utf8) }
}
