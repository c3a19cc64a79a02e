extension [IPNetwork] {
    /// Whether whoever calls from an address may do what is allowed from these networks.
    ///
    /// - Parameter address: as nginx names it; nil if it named none.
    /// - Returns: whether one of them holds it; true where there are none.
    package func admit(_ address: String?) -> Bool {
        guard !isEmpty else { return true }
        guard let address = address.flatMap({ IPNetwork($0) }) else { return false }
        return contains { $0.contains(address) }
    }
}

/// An IP address or a network of addresses.
///
/// An IPv4 address that is written as IPv6 (`::ffff:192.0.2.7`) is the IPv4 address.
package struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    /// Four or sixteen bytes.
    private let bytes: [UInt8]
    private let length: Int
    /// As it was written.
    package let description: String

    /// - Parameter text: an IPv4 or IPv6 address, or one with `/` and the length of a prefix beyond
    ///   which all bits are zero. Nil otherwise.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard var bytes = Self.address(parts[0]) else { return nil }
        var length = bytes.count * 8
        if parts.count == 2 {
            guard let number = Self.number(parts[1], most: length) else { return nil }
            length = number
        }
        if bytes.count == 16, length >= 96, bytes[..<12].elementsEqual(Self.mapped) {
            bytes = Array(bytes[12...])
            length -= 96
        }
        self.bytes = bytes
        self.length = length
        description = text
        guard Self.masked(bytes, length) == bytes else { return nil }
    }

    /// Whether it is of IPv6, and no IPv4 address that is written as one.
    package var isVersion6: Bool { bytes.count == 16 }

    /// Whether every address of the other one is also one of this one.
    package func contains(_ other: IPNetwork) -> Bool {
        bytes.count == other.bytes.count && length <= other.length
            && Self.masked(other.bytes, length) == bytes
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.bytes == b.bytes && a.length == b.length
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytes)
        hasher.combine(length)
    }

    /// What it must be, for the message to whoever wrote another one.
    package static let rule =
        "an IPv4 or IPv6 address, or a network such as 192.0.2.0/24 or 2001:db8::/32"

    private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xFF << (8 - kept))
        }
    }

    /// Decimal digits without leading zeros.
    private static func number(_ text: Substring, most: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text == "0" || !text.hasPrefix("0"), let number = Int(text), number <= most
        else { return nil }
        return number
    }

    private static func address(_ text: Substring) -> [UInt8]? {
        text.contains(":") ? version6(text) : version4(text)
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { number($0, most: 255).map { UInt8($0) } }
        return bytes.count == 4 ? bytes : nil
    }

    /// Source: RFC 4291, section 2.2.
    private static func version6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        let (head, tail) = (text[..<gap.lowerBound], text[gap.upperBound...])
        guard let first = head.isEmpty ? [] : groups(head, mayEndInVersion4: false),
            let last = tail.isEmpty ? [] : groups(tail), first.count + last.count <= 14
        else { return nil }
        return first + Array(repeating: 0, count: 16 - first.count - last.count) + last
    }

    /// Groups of up to four hexadecimal digits, of which the last may be an IPv4 address.
    private static func groups(
        _ text: Substring, mayEndInVersion4: Bool = true
    ) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if mayEndInVersion4, index == parts.count - 1, part.contains("."),
                let last = version4(part)
            {
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 < 0x80 }),
                part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }
}
