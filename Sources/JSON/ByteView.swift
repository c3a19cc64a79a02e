#if canImport(Glibc)
    public import Glibc
#else
    public import Musl
#endif

/// Borrowed bytes, valid for one call, that cannot be read past their end.
///
/// A read beyond the end gives 0, which no grammar here accepts anywhere, so a parser needs no
/// second check for the end. A range outside of the bytes is a programming error and stops the
/// process in every build.
///
/// The parts that every byte of a callback passes through are public: their users are in other
/// modules, and the compiler inlines nothing there that is only `package` (a fifth of the time).
public struct ByteView {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    /// How many bytes there are.
    public let count: Int

    /// - Parameter bytes: valid as long as the view is used.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        count = bytes.count
    }

    /// The byte at an offset, 0 outside of the bytes.
    @inlinable @inline(__always)
    public subscript(offset: Int) -> UInt8 {
        // One unsigned comparison refuses negative offsets as well.
        UInt(bitPattern: offset) < UInt(bitPattern: count) ? bytes[offset] : 0
    }

    /// Eight bytes, the first one the least significant; nil where fewer are left.
    @inlinable @inline(__always)
    public func word(at offset: Int) -> UInt64? {
        guard offset >= 0, offset <= count &- 8 else { return nil }
        return UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes of a range.
    @inlinable @inline(__always)
    public func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range of the bytes")
        return UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// Whether a range holds exactly this text.
    @inlinable @inline(__always)
    public func holds(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount,
            let start = slice(range).baseAddress
        else { return false }
        return memcmp(start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// Whether these bytes stand at an offset.
    @inlinable @inline(__always)
    public func holds(_ other: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= count &- other.count else { return false }
        return other.withUnsafeBytes { equal($0, slice(offset..<offset + other.count)) }
    }

    /// Whether two ranges hold the same bytes.
    @inlinable @inline(__always)
    public func same(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        a.count == b.count && equal(slice(a), slice(b))
    }

    @inlinable @inline(__always)
    func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return memcmp(first, second, a.count) == 0
    }

    /// The text of a range; bytes that are not UTF-8 become U+FFFD.
    @inlinable @inline(__always)
    public func text(_ range: Range<Int>) -> String {
        String(decoding: slice(range), as: UTF8.self)
    }

    /// A hash of a range for our own tables; the same in every run.
    @inlinable
    public func hash(_ range: Range<Int>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: range.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = range.lowerBound
        while offset < range.upperBound {
            var part: UInt64 = 0
            if offset &+ 8 <= range.upperBound, let word = word(at: offset) {
                part = word
                offset &+= 8
            } else {
                part = UInt64(self[offset])
                offset &+= 1
            }
            hash = (hash ^ part) &* 0x9FB2_1C65_1E98_DF25
            hash ^= hash >> 29
        }
        return hash
    }
}

extension ByteView {
    /// Whether every byte of a range is a digit; true for an empty one.
    @inlinable @inline(__always)
    public func isDigits(_ range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard Self.isDigit(self[offset]) else { return false }
            offset &+= 1
        }
        return true
    }

    /// Whether a byte is one of the digits 0 to 9.
    @inlinable @inline(__always)
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// A range without the blanks, tabs and line ends at both of its ends.
    @inlinable @inline(__always)
    public func trimmed(_ range: Range<Int>) -> Range<Int> {
        guard let first = range.first, self[first] <= 0x20 || self[range.upperBound &- 1] <= 0x20
        else { return range }
        return withoutBlanks(range)
    }

    @usableFromInline
    func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
        func isBlank(_ byte: UInt8) -> Bool {
            byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
        }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(self[start]) { start += 1 }
        while end > start, isBlank(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The offset in a range of the first byte that is not well-formed UTF-8.
    ///
    /// Overlong forms, surrogates and values past U+10FFFF are refused.
    /// Source: Unicode 16, table 3-7.
    package func firstInvalidUTF8(in range: Range<Int>) -> Int? {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let length: Int
            let second: ClosedRange<UInt8>
            switch self[offset] {
            case 0...0x7F: (length, second) = (1, 0x80...0xBF)
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return offset
            }
            guard offset &+ length <= range.upperBound else { return offset }
            for index in 1..<max(length, 1) {
                let byte = self[offset &+ index]
                guard index == 1 ? second.contains(byte) : byte & 0xC0 == 0x80 else {
                    return offset
                }
            }
            offset &+= length
        }
        return nil
    }
}
