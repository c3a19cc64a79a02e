/// An `application/x-www-form-urlencoded` text as ordered pairs: a body, or a URL's query.
///
/// Pairs are split at `&`, empty ones are dropped, the name ends at the first `=`, a name without
/// one has an empty value, and `+` is a blank. Written here because Foundation's URLComponents ends
/// the process on an invalid escape, and anybody can send a query.
///
/// Source: WHATWG URL standard, application/x-www-form-urlencoded parsing.
package struct FormReader: Sendable {
    /// How a malformed text is read.
    package enum Strictness: Sendable {
        /// An invalid escape stays as it is, and bytes that are not UTF-8 become U+FFFD, as in
        /// Python's `parse_qsl` with `keep_blank_values`. Plivo signs the result of that, so every
        /// pair is kept.
        case lenient
        /// Both are refused, and so is NUL, which PostgreSQL cannot hold.
        case strict
    }

    /// The most pairs that are read; Plivo sends about twenty.
    package static let pairLimit = 1000

    /// The place of a pair in the decoded bytes.
    package struct Pair: Sendable {
        package let name: Range<Int>
        package let value: Range<Int>
    }

    /// All names and values, decoded, without separators.
    package private(set) var decoded: [UInt8] = []
    /// In the order in which they came.
    package private(set) var pairs: [Pair] = []

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: without the question mark of a query.
    ///   - strictness: how a malformed text is read; nil is returned for one that is refused.
    ///   - limit: the most pairs; nil is returned for more.
    package init?(
        _ text: [UInt8], _ strictness: Strictness = .lenient, limit: Int = FormReader.pairLimit
    ) {
        decoded.reserveCapacity(text.count)
        pairs.reserveCapacity(32)
        let isRead = text.withUnsafeBytes { bytes in
            read(ByteView(bytes), isStrict: strictness == .strict, limit: limit)
        }
        guard isRead else { return nil }
    }

    /// Reads a text whose length bounds its pairs, leniently.
    package init(lenient text: [UInt8]) {
        _ = text.withUnsafeBytes { read(ByteView($0), isStrict: false, limit: .max) }
    }

    private mutating func read(_ text: ByteView, isStrict: Bool, limit: Int) -> Bool {
        var start = 0
        while start < text.count {
            var end = start
            var equals: Int?
            while end < text.count, text[end] != UInt8(ascii: "&") {
                if equals == nil, text[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > start {
                guard pairs.count < limit,
                    let name = part(start..<(equals ?? end), of: text, isStrict),
                    let value = part(min(end, (equals ?? end) + 1)..<end, of: text, isStrict)
                else { return false }
                pairs.append(Pair(name: name, value: value))
            }
            start = end + 1
        }
        return true
    }

    /// Decodes a name or a value; nil if it is refused.
    private mutating func part(
        _ range: Range<Int>, of text: ByteView, _ isStrict: Bool
    ) -> Range<Int>? {
        let start = decoded.count
        let isExact = PercentEncoding.decode(range, of: text, into: &decoded)
        let isUTF8 = decoded.withUnsafeBytes { bytes in
            ByteView(bytes).firstInvalidUTF8(in: start..<bytes.count) == nil
        }
        if isStrict {
            guard isExact, isUTF8, !decoded[start...].contains(0) else { return nil }
        } else if !isUTF8 {
            let text = String(decoding: decoded[start...], as: UTF8.self)
            decoded.replaceSubrange(start..., with: text.utf8)
        }
        return start..<decoded.count
    }

    /// The text of a name or a value.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: decoded[range], as: UTF8.self)
    }

    /// The pairs by name and, for equal names, by value, both in the order of code points.
    package var sorted: [Pair] {
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
}

extension ByteView {
    /// Negative, zero or positive if the first range's bytes are less, equal or greater.
    fileprivate func order(_ a: Range<Int>, _ b: Range<Int>) -> Int {
        let (first, second) = (slice(a), slice(b))
        for index in 0..<min(first.count, second.count) where first[index] != second[index] {
            return Int(first[index]) - Int(second[index])
        }
        return first.count - second.count
    }
}
