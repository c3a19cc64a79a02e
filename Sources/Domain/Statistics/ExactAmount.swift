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
        var text = text
        guard let amount = text.withUTF8({ Self.parsed($0) }) else { return nil }
        self = amount
    }

    /// In one pass: sums are of a hundred thousand amounts.
    private static func parsed(_ text: UnsafeBufferPointer<UInt8>) -> ExactAmount? {
        var index = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        let firstDigit = index
        var whole: Int128 = 0
        while index < text.count, let digit = digit(text[index]) {
            guard index - firstDigit < 37 else { return nil }
            whole = whole * 10 + Int128(digit)
            index += 1
        }
        guard index > firstDigit else { return nil }
        var rest: Int64 = 0
        if index < text.count {
            guard text[index] == UInt8(ascii: "."), index + 1 < text.count else { return nil }
            // What a digit at this place counts; nothing after the eighteenth.
            var place = unit / 10
            for byte in text[(index + 1)...] {
                guard let digit = digit(byte), place > 0 || digit == 0 else { return nil }
                rest += digit * place
                place /= 10
            }
        }
        let isBelow = isNegative && rest > 0
        return ExactAmount(
            whole: isNegative ? -whole - (isBelow ? 1 : 0) : whole,
            rest: isBelow ? unit - rest : rest)
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        let digit = byte &- UInt8(ascii: "0")
        return digit <= 9 ? Int64(digit) : nil
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
        var digits = isNegative ? Self.unit - rest : rest
        var count = 18
        while digits % 10 == 0 {
            digits /= 10
            count -= 1
        }
        let written = String(digits)
        text += "." + String(repeating: "0", count: count - written.utf8.count) + written
        return text
    }
}
