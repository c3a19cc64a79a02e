/// Reads one JSON text in a single pass, without building anything.
///
/// The caller drives it: `enterObject()`, then `nextKey()` until nil, and after each key exactly
/// one of `scanString()`, `scanNumber()`, `skipValue()`, or another `enter…`. Arrays likewise with
/// `enterArray()` and `nextElement()`. Skipped values are checked, too, so once `finish()` has
/// returned the whole text is known to be JSON. Strings and numbers are returned as places in the
/// text; nothing is allocated.
///
/// The grammar is exactly that of RFC 8259: no comments, leading zeros or trailing commas. A byte
/// order mark at the beginning is skipped. An error that leaves the rest of the text readable does
/// not stop the reading: it is in `flaw`.
public struct JSONReader {
    /// Bounds of what one text may hold.
    public struct Limits: Sendable {
        /// Nested objects and arrays, 1 to 64.
        public var depth = 64
        /// Bytes of a string, decoded.
        public var string = 16_384
        /// Characters of a number.
        public var number = 64
        /// Values of a `JSONValue`, which is built in memory; a reader builds nothing.
        public var values = 1_000_000

        /// The usual bounds.
        @inlinable
        public init() {}
    }

    /// The text.
    public let bytes: ByteView
    /// The bounds in use.
    public let limits: Limits
    /// Where the next token is looked for.
    public var position = 0
    /// The first exceeded bound, or else the first bytes that are not UTF-8, since it was set to
    /// nil.
    ///
    /// Reading goes on after it, because it makes one result of a callback invalid and not the
    /// others. A caller that needs the whole text checks this at its end.
    public var flaw: JSONFault?
    /// How many containers are open.
    public var depth = 0
    /// One bit for each open container, the innermost lowest; set for an object.
    @usableFromInline var kinds: UInt64 = 0
    /// Whether the innermost container was just entered.
    @usableFromInline var atStart = false

    /// A reader at the beginning of a text, after its byte order mark.
    @inlinable
    public init(_ bytes: ByteView, limits: Limits = Limits()) {
        precondition((1...64).contains(limits.depth), "one bit for each level")
        self.bytes = bytes
        self.limits = limits
        if bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    }

    /// The first byte of the next token, 0 at the end.
    @inlinable @inline(__always)
    public mutating func peek() -> UInt8 {
        var byte = bytes[position]
        while byte <= 0x20 {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position &+= 1
            // Indentation comes in long runs, so eight blanks are skipped at once.
            while let word = bytes.word(at: position), word == 0x2020_2020_2020_2020 {
                position &+= 8
            }
            byte = bytes[position]
        }
        return byte
    }

    /// Reads the brace of an object.
    @inlinable @inline(__always)
    public mutating func enterObject() throws(JSONFault) {
        try enter(UInt8(ascii: "{"), kind: 1)
    }

    /// Reads the bracket of an array.
    @inlinable @inline(__always)
    public mutating func enterArray() throws(JSONFault) {
        try enter(UInt8(ascii: "["), kind: 0)
    }

    @inlinable @inline(__always)
    mutating func enter(_ bracket: UInt8, kind: UInt64) throws(JSONFault) {
        guard peek() == bracket else { throw unexpected() }
        guard depth < limits.depth else { throw JSONFault(.tooDeep, at: position) }
        position &+= 1
        depth &+= 1
        kinds = kinds << 1 | kind
        atStart = true
    }

    @inlinable @inline(__always)
    mutating func leave() {
        position &+= 1
        depth &-= 1
        kinds >>= 1
        atStart = false
    }

    /// The next member's name, with its colon read; nil at the object's end, which is then left.
    @inlinable @inline(__always)
    public mutating func nextKey() throws(JSONFault) -> JSONString? {
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

    /// Whether the array has a next element; at its end the array is left.
    @inlinable @inline(__always)
    public mutating func nextElement() throws(JSONFault) -> Bool {
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

    /// Skips one value, and checks it. One that nests too deep is a flaw.
    package mutating func skipValue() throws(JSONFault) {
        let floor = depth
        var more = true
        while more {
            switch peek() {
            case UInt8(ascii: "\""):
                _ = try scanString()
            case UInt8(ascii: "{") where depth < limits.depth:
                try enterObject()
                if try nextKey() != nil { continue }
            case UInt8(ascii: "[") where depth < limits.depth:
                try enterArray()
                if try nextElement() { continue }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                try skipTooDeep()
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

    /// Skips a container beyond the limit, with a reader of its own for each 64 further levels; the
    /// text's length bounds their number.
    private mutating func skipTooDeep() throws(JSONFault) {
        note(.tooDeep, at: position)
        // The kinds of the outer levels, one word for every 64.
        var outer: [UInt64] = []
        var inner = JSONReader(bytes, limits: limits)
        inner.position = position
        var more = true
        while more {
            switch inner.peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if inner.depth == limits.depth {
                    outer.append(inner.kinds)
                    (inner.depth, inner.kinds) = (0, 0)
                }
                if inner.peek() == UInt8(ascii: "{") {
                    try inner.enterObject()
                    if try inner.nextKey() != nil { continue }
                } else {
                    try inner.enterArray()
                    if try inner.nextElement() { continue }
                }
            default:
                try inner.skipValue()
            }
            more = false
            while !more {
                if inner.depth == 0 {
                    guard let kinds = outer.popLast() else { break }
                    (inner.depth, inner.kinds) = (limits.depth, kinds)
                }
                more = inner.kinds & 1 == 1 ? try inner.nextKey() != nil : try inner.nextElement()
            }
        }
        position = inner.position
        atStart = false
    }

    /// Skips a value whose bytes are known.
    @inlinable @inline(__always)
    public mutating func passKnownValue(byteCount: Int) {
        position &+= byteCount
        atStart = false
    }

    /// Records a flaw; an exceeded bound replaces one about UTF-8.
    @usableFromInline
    mutating func note(_ code: JSONFault.Code, at offset: Int) {
        if flaw == nil || flaw?.code == .invalidUTF8 { flaw = JSONFault(code, at: offset) }
    }

    /// Checks that only white space follows.
    package mutating func finish() throws(JSONFault) {
        _ = peek()
        guard position == bytes.count else { throw JSONFault(.trailing, at: position) }
    }

    /// The fault at the place of the next token.
    public func unexpected() -> JSONFault {
        JSONFault(position < bytes.count ? .unexpectedByte : .unexpectedEnd, at: position)
    }
}
