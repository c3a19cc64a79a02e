/// Reads one JSON text in a single pass, without building anything.
///
/// The caller walks it: `enterObject()`, then `nextKey()` until nil, and after each key exactly one
/// of `scanString()`, `scanNumber()`, `skipValue()`, or another `enter…`. Arrays likewise with
/// `enterArray()` and `nextElement()`. All that is passed over is checked, so once `finish()` has
/// returned the whole text is known to be JSON. Strings and numbers come as places in the text;
/// nothing is allocated.
///
/// The grammar is that of RFC 8259 and nothing more: no byte order mark, comments, leading zeros.
/// Bytes in strings that are no UTF-8 do not stop the reading; `invalidUTF8` tells of them, since
/// they spoil one result and not the others.
struct JSONReader {
    /// Bounds of what one text may hold.
    struct Limits {
        /// Objects and arrays inside of each other, 1 to 64.
        var depth = 64
        /// Bytes of a string, decoded.
        var string = 16_384
        /// Characters of a number.
        var number = 64
    }

    let bytes: ByteView
    let limits: Limits
    var position = 0
    /// Where the first byte stands that is no UTF-8; nil if there was none since it was set to nil.
    var invalidUTF8: Int?
    private(set) var depth = 0
    /// One bit for each open container, the innermost lowest; set for an object.
    private var kinds: UInt64 = 0
    /// Whether the innermost container has been entered and nothing of it read.
    private var atStart = false

    init(_ bytes: ByteView, limits: Limits = Limits()) {
        precondition((1...64).contains(limits.depth), "one bit for each level")
        self.bytes = bytes
        self.limits = limits
    }

    /// The first byte of the next token, 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        var byte = bytes[position]
        while byte <= 0x20 {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position &+= 1
            // Indentation comes in long runs.
            while let word = bytes.word(at: position), word == 0x2020_2020_2020_2020 {
                position &+= 8
            }
            byte = bytes[position]
        }
        return byte
    }

    @inline(__always)
    mutating func enterObject() throws(JSONFault) {
        try enter(UInt8(ascii: "{"), kind: 1)
    }

    @inline(__always)
    mutating func enterArray() throws(JSONFault) {
        try enter(UInt8(ascii: "["), kind: 0)
    }

    @inline(__always)
    private mutating func enter(_ bracket: UInt8, kind: UInt64) throws(JSONFault) {
        guard peek() == bracket else { throw unexpected() }
        guard depth < limits.depth else { throw JSONFault(.tooDeep, at: position) }
        position &+= 1
        depth &+= 1
        kinds = kinds << 1 | kind
        atStart = true
    }

    @inline(__always)
    private mutating func leave() {
        position &+= 1
        depth &-= 1
        kinds >>= 1
        atStart = false
    }

    /// The next member's name, with its colon read; nil, and the object left, where there is none.
    @inline(__always)
    mutating func nextKey() throws(JSONFault) -> JSONString? {
        var byte = peek()
        if byte == UInt8(ascii: "}") {
            leave()
            return nil
        }
        if atStart {
            atStart = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw unexpected() }
            position &+= 1
            byte = peek()
        }
        guard byte == UInt8(ascii: "\"") else { throw unexpected() }
        let key = try scanString()
        guard peek() == UInt8(ascii: ":") else { throw unexpected() }
        position &+= 1
        return key
    }

    /// Whether the array has a next element; the array is left where it has none.
    @inline(__always)
    mutating func nextElement() throws(JSONFault) -> Bool {
        let byte = peek()
        if byte == UInt8(ascii: "]") {
            leave()
            return false
        }
        if atStart {
            atStart = false
        } else {
            guard byte == UInt8(ascii: ",") else { throw unexpected() }
            position &+= 1
            // `[1,]`: the bracket would be read as the array's end by the next call.
            guard peek() != UInt8(ascii: "]") else { throw unexpected() }
        }
        return true
    }

    /// Passes over one value, and checks it.
    mutating func skipValue() throws(JSONFault) {
        let floor = depth
        var more = true
        while more {
            switch peek() {
            case UInt8(ascii: "\""):
                _ = try scanString()
            case UInt8(ascii: "{"):
                try enterObject()
                if try nextKey() != nil { continue }
            case UInt8(ascii: "["):
                try enterArray()
                if try nextElement() { continue }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                _ = try scanNumber()
            default:
                try scanLiteral()
            }
            more = false
            while depth > floor, !more {
                more = kinds & 1 == 1 ? try nextKey() != nil : try nextElement()
            }
        }
    }

    /// Passes over a value that is known, byte for byte, to be one.
    @inline(__always)
    mutating func passKnownValue(byteCount: Int) {
        position &+= byteCount
        atStart = false
    }

    /// Checks that only white space follows.
    mutating func finish() throws(JSONFault) {
        _ = peek()
        guard position == bytes.count else { throw JSONFault(.trailing, at: position) }
    }

    /// What is wrong where the next token should be.
    func unexpected() -> JSONFault {
        JSONFault(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }
}
