import Domain
import FastCGI
import Security

/// The cookie that holds a session's token.
///
/// The prefix `__Host-` makes browsers take it only over TLS, for this host alone and all of its
/// paths. Source: RFC 6265bis, section 4.1.3.2.
enum SessionCookie {
    static let name = "__Host-waybill"

    private static let attributes = "; Path=/; Secure; HttpOnly; SameSite=Strict"

    /// Sets the cookie. It ends with the browser's session, and before that with ours.
    static func setting(_ token: FreshSecret) -> [HeaderField] {
        [
            HeaderField(
                name: "Set-Cookie", value: "\(name)=\(token.revealed)\(attributes)")
        ].compactMap { $0 }
    }

    /// Makes the browser forget it.
    static let clearing = HeaderField(
        "Set-Cookie", "__Host-waybill=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")

    /// The cookie in a request's header.
    enum Found {
        case none
        case token(OpaqueToken)
        /// There are several, or one that is no token of ours.
        case unreadable
    }

    /// Source: RFC 6265, section 5.4; nginx joins the fields that HTTP/2 may send apart.
    static func find(in header: String?) -> Found {
        guard let header else { return .none }
        var values: Set<Substring> = []
        for pair in header.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, trimmed(parts[0]) == name else { continue }
            values.insert(trimmed(parts[1]))
        }
        guard let value = values.first else { return .none }
        guard values.count == 1, let token = OpaqueToken(String(value)) else { return .unreadable }
        return .token(token)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        let end = start.lastIndex { $0 != " " && $0 != "\t" }
        return end.map { start[...$0] } ?? start[start.startIndex..<start.startIndex]
    }
}
