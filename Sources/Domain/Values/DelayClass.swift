/// A class of times from sending to delivery: eight classes for each doubling.
///
/// Times in one class are counted together, so that a number for each class is enough to say within
/// which time a share of the messages was delivered. A class holds times that differ by at most an
/// eighth, and stands for its middle: what is read from it is off by at most 6.25%, or by half a
/// millisecond below 8 ms.
package struct DelayClass: Hashable, Comparable, Sendable {
    /// Below 8: milliseconds. From there on the upper bits say how often 8 was doubled, and the
    /// lower three which eighth it is.
    package let rawValue: Int16

    package init(rawValue: Int16) {
        self.rawValue = rawValue
    }

    /// The class of the time between two moments. One that is negative, because clocks differ,
    /// counts as none, and one of more than 400 days as 400 days.
    package init(from start: Timestamp, to end: Timestamp) {
        let (difference, overflows) = end.microseconds.subtractingReportingOverflow(
            start.microseconds)
        let value = overflows ? 0 : min(UInt64(max(0, difference)) / 1000, Self.longest)
        guard value >= 8 else {
            rawValue = Int16(truncatingIfNeeded: value)
            return
        }
        let shift = 60 - value.leadingZeroBitCount
        rawValue = Int16(truncatingIfNeeded: (shift + 1) * 8 + Int(value >> shift & 7))
    }

    /// The middle of the class.
    package var middle: Duration {
        guard rawValue >= 8 else { return .microseconds(Int64(max(0, rawValue)) * 1000 + 500) }
        let shift = min(Int64(rawValue) / 8 - 1, 40)
        let lowest = (8 + Int64(rawValue) % 8) << shift
        return .microseconds(lowest * 1000 + (1000 << shift) / 2)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// In milliseconds.
    private static let longest: UInt64 = 400 * 86_400_000
}
