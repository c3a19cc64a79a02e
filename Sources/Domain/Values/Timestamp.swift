#if canImport(Glibc)
    private import Glibc
#else
    private import Musl
#endif

/// A moment in UTC, in microseconds since 1970-01-01 00:00:00: the resolution of `timestamptz`.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// A proleptic Gregorian date and time of day, 1970 to 9999; nil for one that does not exist.
    ///
    /// The offset is how far the given clock is ahead of UTC, under 24 hours either way.
    package init?(
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int,
        microsecond: Int = 0, offsetSeconds: Int = 0
    ) {
        guard (1970...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, of: year), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second),
            (0...999_999).contains(microsecond), abs(offsetSeconds) < 86_400
        else { return nil }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds
        microseconds = Int64(seconds) * 1_000_000 + Int64(microsecond)
    }

    /// The current time of the system's clock.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    /// This moment moved by a duration, to the microsecond.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(
            microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// The start of its hour, in UTC.
    package var startOfHour: Timestamp {
        let hour = microseconds.flooringDivision(by: 3_600_000_000).quotient
        return Timestamp(microseconds: hour * 3_600_000_000)
    }

    /// The start of its day, in UTC.
    package var startOfDay: Timestamp {
        let day = microseconds.flooringDivision(by: 86_400_000_000).quotient
        return Timestamp(microseconds: day * 86_400_000_000)
    }

    /// The time from an earlier moment to this one; negative if that one is later.
    package func since(_ earlier: Timestamp) -> Duration {
        .microseconds(microseconds - earlier.microseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, or microseconds where there are any: the form of our API.
    package var description: String {
        let (day, microsecondOfDay) = microseconds.flooringDivision(by: 86_400_000_000)
        let (year, month, dayOfMonth) = Self.civil(daysSinceEpoch: Int(day))
        let second = Int(microsecondOfDay / 1_000_000)
        let fraction = Int(microsecondOfDay % 1_000_000)
        let digits = fraction % 1000 == 0 ? (fraction / 1000, 3) : (fraction, 6)
        return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-"
            + Self.padded(dayOfMonth, 2) + "T" + Self.padded(second / 3600, 2) + ":"
            + Self.padded(second / 60 % 60, 2) + ":" + Self.padded(second % 60, 2) + "."
            + Self.padded(digits.0, digits.1) + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Both directions count in eras of 400 years that start on 1 March, so that the leap day is
    // last.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).flooringDivision(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension BinaryInteger {
    func flooringDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
