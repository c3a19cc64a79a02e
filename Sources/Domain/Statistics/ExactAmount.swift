/// An amount of money as an exact decimal with up to 18 digits after the point: sums never round.
package struct ExactAmount: Hashable, Sendable, CustomStringConvertible {
    /// Of one, as many as 18 digits count.
    private static let unit: Int128 = 1_000_000_000_000_000_000
    /// In units of the last digit. Prices have up to 18 digits before the point, so that a hundred
    /// of the greatest fit, and 10^19 messages for a unit of money each.
    private let units: Int128

    package static let zero = ExactAmount(units: 0)

    private init(units: Int128) {
        self.units = units
    }

    /// Reads a decimal as PostgreSQL writes it: optional minus, digits, optionally a point and
    /// digits. Nil for another form, for more than 18 digits after the point, and for a number that
    /// is too great.
    package init?(_ text: String) {
        var units: Int128 = 0
        var fraction: Int?
        var hasDigit = false
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        for byte in text.utf8.dropFirst(isNegative ? 1 : 0) {
            if byte == UInt8(ascii: "."), fraction == nil, hasDigit {
                fraction = 0
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            hasDigit = true
            if let count = fraction {
                // Zeros that say nothing may follow.
                if count == 18, digit == 0 { continue }
                guard count < 18 else { return nil }
                fraction = count + 1
            }
            let (product, isTooGreat) = units.multipliedReportingOverflow(by: 10)
            guard !isTooGreat else { return nil }
            units = product + Int128(digit)
        }
        guard hasDigit else { return nil }
        for _ in 0..<(18 - (fraction ?? 0)) {
            let (product, isTooGreat) = units.multipliedReportingOverflow(by: 10)
            guard !isTooGreat else { return nil }
            units = product
        }
        self.units = isNegative ? -units : units
    }

    package static func + (a: Self, b: Self) -> Self {
        let (sum, overflows) = a.units.addingReportingOverflow(b.units)
        return Self(units: overflows ? (a.units < 0 ? .min : .max) : sum)
    }

    package static func += (a: inout Self, b: Self) { a = a + b }

    /// Without zeros that say nothing: `12.5`, `0`, `-0.03`.
    package var description: String {
        let magnitude = units.magnitude
        let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: UInt128(Self.unit))
        var text = (units < 0 ? "-" : "") + String(whole)
        guard rest > 0 else { return text }
        var digits = String(rest)
        digits = String(repeating: "0", count: 18 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        text += "." + digits
        return text
    }
}
