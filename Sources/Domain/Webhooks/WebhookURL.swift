/// The URL of a webhook: `https://host[:port]/path[?query]`, in the one spelling that is requested.
package struct WebhookURL: Sendable, Hashable, CustomStringConvertible {
    package let isHTTPS: Bool
    /// A name in lower case, or an IP address without brackets.
    package let host: String
    package let port: UInt16
    /// The path and the query, beginning with a slash.
    package let target: String

    /// The most bytes.
    package static let limit = 2000

    /// Why a text is none.
    package enum Problem: Error, Sendable, Equatable {
        case tooLong
        case otherForm
        case hasUser
        case hasFragment
        case badHost
        case badPort
        case badPath
        /// `http://`, where only HTTPS is allowed.
        case plain

        /// One sentence for people.
        package var explanation: String {
            switch self {
            case .tooLong: "It takes at most \(limit) characters."
            case .otherForm: "It takes a URL as in https://example.com/sms?team=a."
            case .hasUser: "It takes no user and no password; the signature proves who calls."
            case .hasFragment: "It takes no fragment (#…): a fragment is never sent."
            case .badHost: "Its host is neither a name nor an IP address."
            case .badPort: "Its port is none from 1 to 65535."
            case .badPath:
                "Its path and query take printable ASCII without blanks and without . and .. as"
                    + " parts; encode other characters as %XX."
            case .plain:
                "It takes https://; http:// is allowed by WAYBILL_WEBHOOK_ALLOW_HTTP."
            }
        }
    }

    /// - Parameters:
    ///   - text: an absolute URL.
    ///   - allowsHTTP: whether `http://` is allowed, too.
    /// - Throws: why it is none.
    package init(_ text: String, allowsHTTP: Bool) throws(Problem) {
        guard text.utf8.count <= Self.limit else { throw .tooLong }
        guard let colon = text.firstRange(of: "://") else { throw .otherForm }
        switch text[..<colon.lowerBound].lowercased() {
        case "https": isHTTPS = true
        case "http" where allowsHTTP: isHTTPS = false
        case "http": throw .plain
        default: throw .otherForm
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw .hasUser }
        let tail = String(rest[end...])
        guard !tail.contains("#") else { throw .hasFragment }
        let target = tail.hasPrefix("/") ? tail : "/" + tail
        guard Self.isTarget(target) else { throw .badPath }
        self.target = target
        let (name, digits) = try Self.split(authority)
        guard Self.isHost(name) else { throw .badHost }
        host = name.lowercased()
        guard let digits else {
            port = isHTTPS ? 443 : 80
            return
        }
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57) ~= $0 }),
            let number = UInt16(digits), number > 0
        else { throw .badPort }
        port = number
    }

    /// Whether the host is an IP address of version 6.
    private var isVersion6: Bool { host.contains(":") }

    /// Whether the host is an IP address.
    package var isAddress: Bool { IPNetwork(host) != nil }

    /// Host and port as the header `Host` has them.
    package var authority: String {
        let name = isVersion6 ? "[\(host)]" : host
        return port == (isHTTPS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Scheme, host and port.
    package var origin: String { (isHTTPS ? "https://" : "http://") + authority }

    package var description: String { origin + target }

    private static func split(
        _ authority: Substring
    ) throws(Problem) -> (host: String, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw .badHost }
            let inner = authority[authority.index(after: authority.startIndex)..<close]
            guard inner.contains(":") else { throw .badHost }
            let rest = authority[authority.index(after: close)...]
            guard !rest.isEmpty else { return (String(inner), nil) }
            guard rest.hasPrefix(":") else { throw .badPort }
            return (String(inner), rest.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (String(authority), nil) }
        return (String(authority[..<colon]), authority[authority.index(after: colon)...])
    }

    private static func isHost(_ name: String) -> Bool {
        if name.contains(":") { return IPNetwork(name) != nil && !name.contains("/") }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return name.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                        default: false
                        }
                    }
                    && label.utf8.first != 0x2D && label.utf8.last != 0x2D
            }
    }

    private static func isTarget(_ target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return target.utf8.allSatisfy { (0x21...0x7E) ~= $0 && !#""<>\^`{|}"#.utf8.contains($0) }
            && path.split(separator: "/").allSatisfy { $0 != "." && $0 != ".." }
    }
}
