/// An amount of money as an exact decimal with up to 18 digits after the point: sums never round.
package struct ExactAmount: Hashable, Sendable, CustomStringConvertible {
    /// The greatest whole number that is not above the amount. Prices have up to 18 digits before
    /// the point, so that 10^20 of the greatest fit.
    private let whole: Int128
    /// What is above it, from 0 on and less than one, in units of its last digit.
    private let rest: Int64

    /// Of one, as many as 18 digits count.
    private static let unit: Int64 = 1_000_000_000_000_000_000

    package static let zero = ExactAmount(whole: 0, rest: 0)

    private init(whole: Int128, rest: Int64) {
        self.whole = whole
        self.rest = rest
    }

    /// Reads a decimal as PostgreSQL writes it: optional minus, digits, optionally a point and
    /// digits. Nil for another form, for more than 18 digits after the point, and for a number that
    /// is too great.
    package init?(_ text: String) {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let halves = text.utf8.dropFirst(isNegative ? 1 : 0).split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard halves.count <= 2, let first = halves.first, let whole = Self.digits(first) else {
            return nil
        }
        var rest: Int64 = 0
        if halves.count == 2 {
            guard !halves[1].isEmpty, halves[1].dropFirst(18).allSatisfy({ $0 == 0x30 }) else {
                return nil
            }
            let kept = halves[1].prefix(18)
            guard let digits = Self.digits(kept) else { return nil }
            // Fewer than 10^18.
            rest = Int64(digits)
            for _ in kept.count..<18 { rest *= 10 }
        }
        let isBelow = isNegative && rest > 0
        self.whole = isNegative ? -whole - (isBelow ? 1 : 0) : whole
        self.rest = isBelow ? Self.unit - rest : rest
    }

    private static func digits(_ text: some Collection<UInt8>) -> Int128? {
        guard !text.isEmpty, text.count <= 37 else { return nil }
        var number: Int128 = 0
        for byte in text {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number * 10 + Int128(digit)
        }
        return number
    }

    package static func + (a: Self, b: Self) -> Self {
        let rest = a.rest + b.rest
        let carries = rest >= unit
        return Self(
            whole: a.whole + b.whole + (carries ? 1 : 0), rest: carries ? rest - unit : rest)
    }

    package static func += (a: inout Self, b: Self) { a = a + b }

    /// Without zeros that say nothing: `12.5`, `0`, `-0.03`.
    package var description: String {
        let isNegative = whole < 0
        let hasRest = rest > 0
        let shown = isNegative ? -(whole + (hasRest ? 1 : 0)) : whole
        var text = (isNegative ? "-" : "") + String(shown)
        guard hasRest else { return text }
        var digits = String(isNegative ? Self.unit - rest : rest)
        digits = String(repeating: "0", count: 18 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        text += "." + digits
        return text
    }
}
