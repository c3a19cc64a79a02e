private import Foundation

/// An address to which paths can be appended, as a setting or an option gives it:
/// `https://host[:port]`, perhaps with a path.
///
/// Read byte by byte and not with Foundation, which accepts ports and hosts that cannot exist.
package enum HTTPAddress {
    /// What is wrong with a text, as the end of a sentence that begins with "it"; nil if it is
    /// valid.
    ///
    /// No part of the text is in it, so it shows no secret.
    package static func problem(of text: String) -> String? {
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            return "holds a blank or a control character"
        }
        guard let separator = text.range(of: "://") else { return "names no scheme" }
        let rest = text[separator.upperBound...]
        guard ["http", "https"].contains(text[..<separator.lowerBound]) else {
            return "has another scheme"
        }
        // Anywhere in the text: a password may itself hold a slash or a question mark.
        guard !rest.contains("@") else { return "holds a user or a password" }
        guard !rest.contains("?"), !rest.contains("#") else { return "has a query or a fragment" }
        let authority = rest.prefix { $0 != "/" }
        let (host, port) = parts(of: authority)
        if let problem = self.problem(ofHost: host) { return problem }
        if let port, !isPort(port) { return "has a port that is no number from 1 to 65535" }
        guard rest[authority.endIndex...].utf8.allSatisfy(isPathByte) else {
            return "has a path with a character that must be percent-encoded"
        }
        return nil
    }

    /// Whether a valid address is on this machine, where TLS is not needed.
    package static func isLoopback(_ text: String) -> Bool {
        guard let separator = text.range(of: "://") else { return false }
        let host = parts(of: text[separator.upperBound...].prefix { $0 != "/" }).host.lowercased()
        return host == "localhost" || host == "[::1]"
            || host.hasPrefix("127.") && IPAddress.isVersion4(host)
    }

    /// A text as it may be shown: without what could be a user, a password or a secret in a query.
    package static func shown(_ text: String) -> String {
        var (scheme, rest) = ("", text[...])
        if let separator = text.range(of: "://") {
            scheme = String(text[..<separator.upperBound])
            rest = text[separator.upperBound...]
        }
        if scheme.contains("@") || scheme.contains(":") && !scheme.hasSuffix("://") { return "…" }
        var result = scheme
        if let at = rest.lastIndex(of: "@") {
            result += "…@"
            rest = rest[rest.index(after: at)...]
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        let (host, port) = parts(of: authority)
        // An invalid port may be the password of a user whose host was forgotten.
        result += host + (port.map { isPort($0) || isDigits($0) ? ":" + $0 : ":…" } ?? "")
        rest = rest[authority.endIndex...]
        // A query's names are shown, its values are not.
        if let sign = rest.firstIndex(of: "=") { rest = rest[...sign] + "…" }
        return result + rest
    }

    private static func parts(of authority: Substring) -> (host: Substring, port: Substring?) {
        // The colons of an IPv6 address stand in brackets.
        let start =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]") ?? authority.startIndex : authority.startIndex
        guard let colon = authority[start...].firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func problem(ofHost host: Substring) -> String? {
        guard !host.isEmpty else { return "names no host" }
        guard host.utf8.allSatisfy({ $0 < 0x80 }) else {
            return "has a host beyond ASCII; write it as it is registered, with xn--"
        }
        if host.hasPrefix("[") {
            let isAddress = host.hasSuffix("]") && IPAddress.isVersion6(host.dropFirst().dropLast())
            return isAddress ? nil : "has a host that is no IPv6 address"
        }
        // Source: RFC 1123, section 2.1, and RFC 1035, section 2.3.4.
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let areLabels = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy(isLabelByte)
                && label.first != "-" && label.last != "-"
        }
        guard areLabels, host.utf8.count <= 253 else { return "has a host that is no host's name" }
        let isNumeric = labels.last.map(isDigits) ?? false
        return isNumeric && !IPAddress.isVersion4(host) ? "has a host that is no IPv4 address" : nil
    }

    private static func isDigits(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isPort(_ text: Substring) -> Bool {
        !text.isEmpty && isDigits(text) && (Int(text).map { (1...65_535).contains($0) } ?? false)
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// Source: RFC 3986, section 3.3.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "/-._~%!$&'()*+,;=:".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// Addresses as the C library reads them.
private enum IPAddress {
    static func isVersion4(_ text: some StringProtocol) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, String(text), &address) == 1
    }

    static func isVersion6(_ text: some StringProtocol) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(text), &address) == 1
    }
}
