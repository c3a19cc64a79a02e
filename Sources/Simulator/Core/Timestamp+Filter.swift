import Domain

/// The form in which requests write a time.
extension Timestamp {
    /// Reads `yyyy-MM-dd`, a blank or `T`, `HH:mm`, and seconds with a fraction or none; then an
    /// offset such as `+0100`, or none for UTC.
    init?(filter text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            return bytes[range].reduce(0 as Int?) { sum, byte in
                (0x30...0x39).contains(byte) ? sum.map { $0 * 10 + Int(byte) - 0x30 } : nil
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16)
        else { return nil }
        let second = bytes.count >= 19 && bytes[16] == UInt8(ascii: ":") ? number(17..<19) ?? 0 : 0
        var offset = 0
        if let sign = bytes.dropFirst(16).lastIndex(where: { $0 == 0x2B || $0 == 0x2D }) {
            let digits = bytes[(sign + 1)...].filter { $0 != UInt8(ascii: ":") }
            guard digits.count == 4, let value = Int(String(decoding: digits, as: UTF8.self))
            else { return nil }
            offset = (value / 100 * 60 + value % 100) * (bytes[sign] == 0x2B ? 1 : -1)
        }
        guard
            let time = Timestamp(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                microsecond: 0)
        else { return nil }
        self = time.advanced(by: .seconds(-60 * offset))
    }
}
