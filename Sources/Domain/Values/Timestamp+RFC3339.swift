extension Timestamp {
    /// Why a text is not a valid time.
    package enum RFC3339Problem: Error, Equatable, Sendable {
        case otherForm
        /// 30 February, the 25th hour, a 60th second.
        case noSuchTime
        case before1970
    }

    /// Reads RFC 3339's form with its zone, as in `2026-11-20T15:30:06.640+01:00`.
    ///
    /// A fraction has 1 to 9 digits and is cut to microseconds.
    /// Source: RFC 3339, section 5.6.
    /// - Throws: `RFC3339Problem` for any other form, for a moment that does not exist, and for
    ///   years before 1970.
    package init(rfc3339 text: String) throws(RFC3339Problem) {
        let bytes = Array(text.utf8)
        guard (20...35).contains(bytes.count), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), "Tt ".utf8.contains(bytes[10]),
            let century = Self.pair(bytes, 0), let year = Self.pair(bytes, 2),
            let month = Self.pair(bytes, 5), let day = Self.pair(bytes, 8),
            let hour = Self.pair(bytes, 11), let minute = Self.pair(bytes, 14),
            let second = Self.pair(bytes, 17)
        else { throw .otherForm }
        var rest = bytes[19...]
        var microsecond = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
            guard (1...9).contains(digits.count) else { throw .otherForm }
            rest = rest.dropFirst(1 + digits.count)
            var unit = 100_000
            for digit in digits {
                microsecond += Int(digit - UInt8(ascii: "0")) * unit
                unit /= 10
            }
        }
        guard let offset = Self.offsetSeconds(Array(rest)) else { throw .otherForm }
        guard century * 100 + year >= 1970 else { throw .before1970 }
        guard
            let time = Timestamp(
                year: century * 100 + year, month: month, day: day, hour: hour, minute: minute,
                second: second, microsecond: microsecond, offsetSeconds: offset)
        else { throw .noSuchTime }
        self = time
    }

    private static func offsetSeconds(_ zone: [UInt8]) -> Int? {
        if zone == [UInt8(ascii: "Z")] || zone == [UInt8(ascii: "z")] { return 0 }
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), "+-".utf8.contains(zone[0]),
            let hours = pair(zone, 1), let minutes = pair(zone, 4), hours < 24, minutes < 60
        else { return nil }
        return (zone[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static func pair(_ bytes: [UInt8], _ offset: Int) -> Int? {
        let tens = bytes[offset] &- UInt8(ascii: "0")
        let ones = bytes[offset + 1] &- UInt8(ascii: "0")
        return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : nil
    }
}
