/// Writes JSON text directly into bytes: for answers, log lines, documents and requests.
///
/// The caller opens and closes objects and arrays in pairs, and writes exactly one value after each
/// key; the writer sets the commas. Source: RFC 8259.
///
/// The parts that every log line and answer passes through are public: their users are in other
/// modules, and the compiler inlines nothing there that is only `package`.
public struct JSONWriter: Sendable {
    /// How control characters are written.
    public enum Style: Sendable {
        /// `\n`, `\r` and `\t` for short, all others as `\u00XX`.
        case usual
        /// NUL as U+FFFD, for neither PostgreSQL's `jsonb` nor an SMS holds one; all others as
        /// `\u00XX`. Fingerprints of reports cover such texts, so this spelling must not change.
        case withoutNUL
    }

    /// The text so far, valid UTF-8.
    public private(set) var bytes: [UInt8] = []
    @usableFromInline var needsComma = false
    private let style: Style
    /// Spaces for each level, nil for a text on one line.
    private let indent: Int?
    private var depth = 0
    private var isBehindKey = false

    /// - Parameters:
    ///   - style: how control characters are written.
    ///   - indent: how many spaces each level is indented by, for people; nil writes one line.
    public init(_ style: Style = .usual, indent: Int? = nil) {
        self.style = style
        self.indent = indent
    }

    /// Opens an object as a value.
    public mutating func beginObject() {
        open(UInt8(ascii: "{"))
    }

    /// Closes the innermost object.
    public mutating func endObject() {
        close(UInt8(ascii: "}"))
    }

    /// Opens an array as a value.
    public mutating func beginArray() {
        open(UInt8(ascii: "["))
    }

    /// Closes the innermost array.
    public mutating func endArray() {
        close(UInt8(ascii: "]"))
    }

    /// A member's name; its value must follow.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        endKey()
    }

    /// A string, escaped.
    public mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// A number.
    public mutating func integer(_ value: Int64) {
        raw(String(value))
    }

    /// A number rounded to thousandths; `null` if it is not finite, because JSON has no such
    /// number.
    public mutating func number(_ value: Double) {
        guard value.isFinite, abs(value) < 1e15 else { return null() }
        let thousandths = Int64((value * 1000).rounded())
        guard thousandths % 1000 != 0 else { return integer(thousandths / 1000) }
        separate()
        if thousandths < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
        bytes.append(contentsOf: String(whole).utf8)
        bytes.append(UInt8(ascii: "."))
        for unit: UInt64 in [100, 10, 1] {
            bytes.append(UInt8(ascii: "0") + UInt8(fraction / unit % 10))
        }
    }

    /// `true` or `false`.
    public mutating func boolean(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    /// `null`.
    public mutating func null() {
        raw("null")
    }

    /// Adds existing JSON text: a value, or members of the open object without its braces.
    public mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    /// The same from bytes.
    public mutating func raw(_ json: [UInt8]) {
        json.withUnsafeBytes { raw($0) }
    }

    /// The same from a part of a text that a `JSONReader` has checked.
    public mutating func raw(_ json: UnsafeRawBufferPointer) {
        separate()
        append(json)
    }

    /// A member's name as it was written, with its quotation marks; its value must follow.
    public mutating func key(raw name: UnsafeRawBufferPointer) {
        separate()
        append(name)
        endKey()
    }

    /// Adds bytes as they are, without a comma before them: pieces of one token.
    mutating func append(_ piece: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: piece)
    }

    /// Adds the comma and the line break that belong before the next token.
    mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        if indent != nil { startLine() }
    }

    /// Adds the colon after a name.
    mutating func endKey() {
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        if indent != nil {
            bytes.append(UInt8(ascii: " "))
            isBehindKey = true
        }
    }

    /// Adds U+FFFD in place of a character that PostgreSQL could not hold.
    mutating func appendReplacement() {
        bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        // An empty container stays on its line.
        if needsComma, indent != nil { startLine() }
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func startLine() {
        guard !isBehindKey else {
            isBehindKey = false
            return
        }
        guard !bytes.isEmpty, let indent else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * indent))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // What needs no escape is added in one piece.
            var piece = 0
            for (index, byte) in utf8.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[piece..<index]))
                escape(byte)
                piece = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[piece...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0 where style == .withoutNUL: appendReplacement()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case UInt8(ascii: "\n") where style == .usual: bytes.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\r") where style == .usual: bytes.append(contentsOf: "\\r".utf8)
        case UInt8(ascii: "\t") where style == .usual: bytes.append(contentsOf: "\\t".utf8)
        default:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(HexadecimalDigit.lower(byte >> 4))
            bytes.append(HexadecimalDigit.lower(byte & 0xF))
        }
    }
}
