extension ByteView {
    /// The whole number that a range holds, however it is written: `17`, `17.0`, `1.7e1`, `+17`.
    ///
    /// - Returns: nil for anything else, for fractions, and for numbers outside of `Int64`.
    @inlinable @inline(__always)
    public func integer(_ range: Range<Int>) -> Int64? {
        // Eighteen digits fit an Int64.
        guard range.count &- 1 < 18, isDigits(range) else { return integerInAnotherForm(range) }
        var value: Int64 = 0
        var offset = range.lowerBound
        while offset < range.upperBound {
            value = value &* 10 &+ Int64(self[offset] &- UInt8(ascii: "0"))
            offset &+= 1
        }
        return range.isEmpty ? nil : value
    }

    @usableFromInline
    func integerInAnotherForm(_ range: Range<Int>) -> Int64? {
        var offset = range.lowerBound
        let isNegative = byte(offset, range) == UInt8(ascii: "-")
        if isNegative || byte(offset, range) == UInt8(ascii: "+") { offset += 1 }
        let whole = offset..<end(ofDigitsFrom: offset, range)
        guard !whole.isEmpty else { return nil }
        offset = whole.upperBound
        var fraction = offset..<offset
        if byte(offset, range) == UInt8(ascii: ".") {
            fraction = offset + 1..<end(ofDigitsFrom: offset + 1, range)
            guard !fraction.isEmpty else { return nil }
            offset = fraction.upperBound
        }
        var point = whole.count
        if byte(offset, range) | 0x20 == UInt8(ascii: "e") {
            guard let exponent = exponent(offset + 1..<range.upperBound) else { return nil }
            point += exponent
            offset = range.upperBound
        }
        guard offset == range.upperBound else { return nil }
        return integer(digits: whole, fraction, pointAt: point, isNegative: isNegative)
    }

    /// Nil for more than three digits: no whole number within `Int64` needs them.
    private func exponent(_ range: Range<Int>) -> Int? {
        var start = range.lowerBound
        let isNegative = byte(start, range) == UInt8(ascii: "-")
        if isNegative || byte(start, range) == UInt8(ascii: "+") { start += 1 }
        guard (start + 1...start + 3).contains(range.upperBound),
            isDigits(start..<range.upperBound),
            let magnitude = Int(text(start..<range.upperBound))
        else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    private func integer(
        digits whole: Range<Int>, _ fraction: Range<Int>, pointAt point: Int, isNegative: Bool
    ) -> Int64? {
        let digits = (Array(slice(whole)) + Array(slice(fraction))).map { $0 - UInt8(ascii: "0") }
        guard digits.dropFirst(max(point, 0)).allSatisfy({ $0 == 0 }) else { return nil }
        var value: Int64 = 0
        for index in 0..<max(point, 0) {
            // Only zeros follow the last digit, and zero times ten is zero.
            if index >= digits.count, value == 0 { break }
            let digit = index < digits.count ? Int64(digits[index]) : 0
            let (product, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = product.addingReportingOverflow(isNegative ? -digit : digit)
            guard !isTooBig, !isOver else { return nil }
            value = sum
        }
        return value
    }

    private func byte(_ offset: Int, _ range: Range<Int>) -> UInt8 {
        offset < range.upperBound ? self[offset] : 0
    }

    private func end(ofDigitsFrom start: Int, _ range: Range<Int>) -> Int {
        var offset = start
        while offset < range.upperBound, Self.isDigit(self[offset]) { offset += 1 }
        return offset
    }
}
