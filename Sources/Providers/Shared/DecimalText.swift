import JSON

/// An amount exactly as it was written, as `Report.Price` holds it: up to 18 digits before the
/// point and up to 18 after it.
enum DecimalText {
    /// The longest part on either side of the point.
    private static let digits = 18

    /// Reads `-12.50`; also `1.25e-2`, which becomes `0.0125`.
    ///
    /// - Returns: plain decimal text, nil for anything else and for more digits than the bound. No
    ///   digit is ever dropped, zeros at the end included.
    static func plain(_ bytes: ByteView, _ range: Range<Int>) -> String? {
        let start = range.lowerBound
        let first = bytes[start] == UInt8(ascii: "-") ? start + 1 : start
        let point = end(ofDigits: bytes, from: first, to: range.upperBound)
        var last = point
        if point < range.upperBound, bytes[point] == UInt8(ascii: ".") {
            last = end(ofDigits: bytes, from: point + 1, to: range.upperBound)
            guard last > point + 1 else { return nil }
        }
        guard point > first else { return nil }
        if last == range.upperBound {
            guard point - first <= digits, last - point <= digits + 1 else { return nil }
            return bytes.text(range)
        }
        guard bytes[last] | 0x20 == UInt8(ascii: "e"),
            let exponent = exponent(bytes, last + 1, range.upperBound)
        else { return nil }
        let whole = bytes.slice(first..<point)
        let fraction = bytes.slice(min(point + 1, last)..<last)
        return shifted(
            Array(whole) + Array(fraction), pointAt: whole.count + exponent,
            isNegative: first > start)
    }

    private static func end(ofDigits bytes: ByteView, from start: Int, to end: Int) -> Int {
        var offset = start
        while offset < end, ByteView.isDigit(bytes[offset]) { offset += 1 }
        return offset
    }

    private static func exponent(_ bytes: ByteView, _ start: Int, _ end: Int) -> Int? {
        var first = start
        let isNegative = bytes[start] == UInt8(ascii: "-")
        if isNegative || bytes[start] == UInt8(ascii: "+") { first += 1 }
        // An exponent of more than three digits cannot be within the bound.
        guard (first + 1...first + 3).contains(end), bytes.isDigits(first..<end),
            let magnitude = Int(bytes.text(first..<end))
        else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    private static func shifted(
        _ mantissa: [UInt8], pointAt point: Int, isNegative: Bool
    ) -> String? {
        let zero = UInt8(ascii: "0")
        var whole = Array(mantissa.prefix(max(point, 0)))
        if point > mantissa.count { whole += Array(repeating: zero, count: point - mantissa.count) }
        var fraction = Array(mantissa.dropFirst(max(point, 0)))
        if point < 0 { fraction = Array(repeating: zero, count: -point) + fraction }
        whole = Array(whole.drop { $0 == zero })
        if whole.isEmpty { whole = [zero] }
        guard whole.count <= digits, fraction.count <= digits else { return nil }
        let text = fraction.isEmpty ? whole : whole + [UInt8(ascii: ".")] + fraction
        return (isNegative ? "-" : "") + String(decoding: text, as: UTF8.self)
    }
}
