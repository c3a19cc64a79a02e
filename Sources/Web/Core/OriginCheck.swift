/// Whether a request was made by a page of ours.
///
/// A browser adds the cookie to whatever another site's page makes it send. It tells the truth about
/// who made it send that in `Sec-Fetch-Site`, or, older ones, in `Origin`. Pages cannot write either.
/// Source: W3C Fetch Metadata; RFC 6454, section 7; OWASP, Cross-Site Request Forgery Prevention.
enum OriginCheck {
    /// What the headers say.
    enum Verdict {
        case ours
        case foreign
        /// Neither is there: no browser of the last years leaves both out.
        case silent
    }

    /// - Parameters:
    ///   - fetchSite: `Sec-Fetch-Site`.
    ///   - origin: `Origin`.
    ///   - own: scheme and host of this request, as nginx and its client know them.
    /// - Returns: `ours` if `Sec-Fetch-Site` is `same-origin`, or, where it is absent, if the origin
    ///   is our own. Headers that contradict each other are foreign.
    static func verdict(fetchSite: String?, origin: String?, own: String?) -> Verdict {
        if let fetchSite {
            guard fetchSite == "same-origin" else { return .foreign }
            // A page with the policy `no-referrer` may send `null`. A proxy in front of nginx may
            // have another scheme or port than nginx, but not another name.
            guard let origin, origin != "null" else { return .ours }
            guard let own else { return .ours }
            return host(origin) == host(own) ? .ours : .foreign
        }
        guard let origin else { return .silent }
        guard let own else { return .foreign }
        return canonical(origin) == canonical(own) ? .ours : .foreign
    }

    /// In lower case and without the scheme's own port.
    private static func canonical(_ origin: String) -> String {
        let text = origin.lowercased()
        if text.hasPrefix("https://"), text.hasSuffix(":443") { return String(text.dropLast(4)) }
        if text.hasPrefix("http://"), text.hasSuffix(":80") { return String(text.dropLast(3)) }
        return text
    }

    /// The name between the scheme and the port.
    private static func host(_ origin: String) -> Substring? {
        let text = canonical(origin)
        guard let start = text.firstRange(of: "://")?.upperBound else { return nil }
        let rest = text[start...]
        if rest.hasPrefix("[") { return rest.prefix { $0 != "]" } }
        return rest.prefix { $0 != ":" }
    }
}
