import JSON
import Security

/// An `application/x-www-form-urlencoded` text as ordered pairs, decoded as Plivo's SDKs do it.
///
/// The rules are those of Python's `parse_qsl` with `keep_blank_values`: pairs are split at `&`,
/// empty ones are dropped, the name ends at the first `=`, a name without one has an empty value,
/// `+` is a space, an escape that is none stays as it stands, and bytes that are no UTF-8 become
/// U+FFFD. A signature covers what comes out of this, so every pair is kept.
struct FormReader {
    /// The most pairs that are read; Plivo sends about twenty.
    static let pairLimit = 1000

    /// Where a pair stands in the decoded bytes.
    struct Pair {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// All names and values, decoded, one behind the other.
    private(set) var decoded: [UInt8] = []
    /// In the order in which they came.
    private(set) var pairs: [Pair] = []

    /// Nil if there are more pairs than the limit.
    init?(_ bytes: some Collection<UInt8>) {
        decoded.reserveCapacity(bytes.count)
        pairs.reserveCapacity(32)
        for segment in bytes.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < Self.pairLimit else { return nil }
            let name = segment.prefix { $0 != UInt8(ascii: "=") }
            let value = segment.dropFirst(name.count + 1)
            pairs.append(Pair(name: decode(name), value: decode(value)))
        }
    }

    /// The text of a name or a value.
    func text(_ range: Range<Int>) -> String {
        String(decoding: decoded[range], as: UTF8.self)
    }

    /// The pairs by name and, for equal names, by value, both in the order of code points.
    var sorted: [Pair] {
        // The order of UTF-8 bytes is that of code points; that of Swift's strings is not.
        decoded.withUnsafeBytes { bytes in
            let view = ByteView(bytes)
            return pairs.sorted { a, b in
                switch view.order(a.name, b.name) {
                case ..<0: true
                case 0: view.order(a.value, b.value) < 0
                default: false
                }
            }
        }
    }

    private mutating func decode(_ text: some Collection<UInt8>) -> Range<Int> {
        let start = decoded.count
        var index = text.startIndex
        while index != text.endIndex {
            let byte = text[index]
            text.formIndex(after: &index)
            switch byte {
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                if let escaped = Self.escape(text[index...]) {
                    decoded.append(escaped)
                    text.formIndex(&index, offsetBy: 2)
                } else {
                    decoded.append(byte)
                }
            default:
                decoded.append(byte)
            }
        }
        repair(from: start)
        return start..<decoded.count
    }

    private static func escape(_ digits: some Collection<UInt8>) -> UInt8? {
        let pair = digits.prefix(2)
        guard pair.count == 2, let high = pair.first.flatMap({ Hexadecimal.value(of: $0) }),
            let low = pair.dropFirst().first.flatMap({ Hexadecimal.value(of: $0) })
        else { return nil }
        return high << 4 | low
    }

    private mutating func repair(from start: Int) {
        let isValid = decoded.withUnsafeBytes { bytes in
            ByteView(bytes).firstInvalidUTF8(in: start..<bytes.count) == nil
        }
        guard !isValid else { return }
        let text = String(decoding: decoded[start...], as: UTF8.self)
        decoded.replaceSubrange(start..., with: text.utf8)
    }
}

extension ByteView {
    /// Negative, zero or positive as one range's bytes come before, equal or follow another's.
    fileprivate func order(_ a: Range<Int>, _ b: Range<Int>) -> Int {
        let (first, second) = (slice(a), slice(b))
        for index in 0..<min(first.count, second.count) where first[index] != second[index] {
            return Int(first[index]) - Int(second[index])
        }
        return first.count - second.count
    }
}
