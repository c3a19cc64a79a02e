private import Security

/// A URL's query as names and values.
///
/// Written out here because Foundation's URLComponents ends the process when it is given an escape
/// that is none, and queries come from anybody.
/// Source: WHATWG URL standard, application/x-www-form-urlencoded parsing, but strict.
struct QueryText: Equatable {
    /// The values of each name, in order; a name without `=` has an empty one.
    let items: [String: [String]]

    /// - Parameter text: without the question mark; at most what nginx takes as a request line.
    ///   Nil for an escape that is none, for bytes that are not UTF-8, and for NUL, which
    ///   PostgreSQL cannot hold.
    init?(_ text: String) {
        var items: [String: [String]] = [:]
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair.dropFirst(name.count + 1)
            guard let name = Self.decoded(name), let value = Self.decoded(value) else {
                return nil
            }
            items[name, default: []].append(value)
        }
        self.items = items
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(Hexadecimal.value),
                    let low = rest.popFirst().flatMap(Hexadecimal.value)
                else { return nil }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
