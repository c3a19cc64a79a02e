import Domain

/// Writes rows of CSV as RFC 4180 has it: commas, CRLF, UTF-8, quotation marks where they are needed.
///
/// A text that a spreadsheet would take for a formula begins with an apostrophe, and so does one
/// that had an apostrophe there itself. So a reader gets the text back by dropping one apostrophe
/// from the beginning of each cell that has one.
///
/// Cells are written as bytes, by hand where values are many: an export has millions of them.
/// Source: RFC 4180, and OWASP's page on CSV injection.
struct CSVWriter {
    /// What was written since `removeAll`.
    private(set) var bytes: [UInt8] = []
    private var isFirst = true
    /// The day of the time that was written last, and its date as text.
    private var day = Int64.min
    private var date: [UInt8] = []

    private static let microsecondsOfDay: Int64 = 86_400_000_000
    private static let quote = UInt8(ascii: "\"")
    private static let apostrophe = UInt8(ascii: "'")

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Forgets what was written, and keeps the storage.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Ends a row.
    mutating func endRow() {
        bytes.append(0x0D)
        bytes.append(0x0A)
        isFirst = true
    }

    /// An empty cell.
    mutating func empty() { begin() }

    /// A cell with any text; nil leaves it empty.
    mutating func text(_ text: String?) {
        begin()
        guard var text else { return }
        text.withUTF8 { append($0) }
    }

    /// A cell with a word of ours, which needs neither quotation marks nor an apostrophe.
    mutating func word(_ word: String) {
        begin()
        bytes.append(contentsOf: word.utf8)
    }

    mutating func flag(_ flag: Bool?) {
        begin()
        guard let flag else { return }
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// A whole number; none of ours is negative.
    mutating func integer(_ number: Int?) {
        begin()
        guard let number else { return }
        guard (0...9).contains(number) else {
            bytes.append(contentsOf: String(number).utf8)
            return
        }
        bytes.append(UInt8(ascii: "0") + UInt8(number))
    }

    /// An identifier as a UUID.
    mutating func identifier<Subject>(_ id: Identifier<Subject>?) {
        begin()
        guard let id else { return }
        append(hexadecimal: id.high >> 32, digits: 8)
        bytes.append(UInt8(ascii: "-"))
        append(hexadecimal: id.high >> 16 & 0xFFFF, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(hexadecimal: id.high & 0xFFFF, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(hexadecimal: id.low >> 48, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(hexadecimal: id.low & 0xFFFF_FFFF_FFFF, digits: 12)
    }

    /// A time in the API's form.
    mutating func time(_ time: Timestamp?) {
        begin()
        guard let time else { return }
        let (day, rest) = time.microseconds.quotientAndRemainder(
            dividingBy: Self.microsecondsOfDay)
        guard rest >= 0 else {
            bytes.append(contentsOf: time.description.utf8)
            return
        }
        if day != self.day {
            // Up to its T, and with that.
            date = Array(time.description.utf8.prefix { $0 != UInt8(ascii: "T") }) + [0x54]
            self.day = day
        }
        bytes.append(contentsOf: date)
        let second = UInt64(rest / 1_000_000)
        append(decimal: second / 3600, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(decimal: second / 60 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(decimal: second % 60, digits: 2)
        bytes.append(UInt8(ascii: "."))
        let fraction = UInt64(rest % 1_000_000)
        if fraction % 1000 == 0 {
            append(decimal: fraction / 1000, digits: 3)
        } else {
            append(decimal: fraction, digits: 6)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private mutating func begin() {
        if isFirst {
            isFirst = false
        } else {
            bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        let isDefused = Self.mustDefuse(text)
        var mustQuote = text.first == 0x20 || text.last == 0x20
        if !mustQuote {
            // A semicolon or a tab separates cells for programs of some countries.
            mustQuote = text.contains { byte in
                byte <= UInt8(ascii: ";")
                    && (byte == UInt8(ascii: ",") || byte == Self.quote || byte == 0x0A
                        || byte == 0x0D || byte == UInt8(ascii: ";") || byte == 0x09)
            }
        }
        if mustQuote { bytes.append(Self.quote) }
        if isDefused { bytes.append(Self.apostrophe) }
        if mustQuote {
            for byte in text {
                if byte == Self.quote { bytes.append(Self.quote) }
                bytes.append(byte)
            }
            bytes.append(Self.quote)
        } else {
            bytes.append(contentsOf: text)
        }
    }

    /// Whether a text gets an apostrophe: its first character, or the first that is not blank,
    /// begins a formula, or is an apostrophe at the very beginning.
    private static func mustDefuse(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first else { return false }
        // Almost every text is a number, a word or an id.
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            return false
        case apostrophe, 0x09, 0x0A, 0x0B, 0x0C, 0x0D:
            return true
        default:
            break
        }
        for scalar in String(decoding: text.prefix(256), as: UTF8.self).unicodeScalars
        where !isBlank(scalar) {
            switch scalar {
            // The second row are their full-width forms, which some programs read as the same, and
            // the minus sign.
            case "=", "+", "-", "@", "\t", "\r",
                "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}", "\u{2212}":
                return true
            default: return false
            }
        }
        return false
    }

    /// White space, and characters that are not seen at all.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "\t" && scalar != "\r"
            && (scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint)
    }

    private mutating func append(hexadecimal value: UInt64, digits: Int) {
        for place in stride(from: digits - 1, through: 0, by: -1) {
            let digit = UInt8(value >> (4 * UInt64(place)) & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private mutating func append(decimal value: UInt64, digits: Int) {
        var unit: UInt64 = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / unit % 10))
            unit /= 10
        }
    }
}
