import Domain

/// The providers' ways to write a time.
extension Timestamp {
    /// `2026-11-20T09:15:04.913+0000`. Source: providers.md, A.2.
    var infobip: String {
        let whole = Timestamp(microseconds: microseconds / 1000 * 1000)
        return whole.description.dropLast() + "+0000"
    }

    /// `2026-11-20 09:15:05.771930`, in callbacks. Source: providers.md, B.2.
    var plivo: String {
        // The description has six digits unless the last three are zeros.
        let time = microseconds % 1000 == 0 ? Timestamp(microseconds: microseconds + 1) : self
        let text = time.description
        return text.prefix(10) + " " + text.dropFirst(11).dropLast()
    }

    /// `2026-11-20 09:15:05.771930+00:00`, in records. Source: providers.md, B.5.
    var plivoRecord: String { plivo + "+00:00" }

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
