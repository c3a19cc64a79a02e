import FastCGI

/// Whether a request comes from this machine.
///
/// The peer's address is not enough: behind a proxy or a tunnel on this machine, everybody has its
/// address. Proxies add a header, and callers through a plain tunnel ask for the public name.
enum LocalCaller {
    private static let addresses: Set = ["127.0.0.1", "::1", "::ffff:127.0.0.1"]
    private static let names: Set = ["localhost", "127.0.0.1", "[::1]"]

    /// Headers that proxies and tunnels add. Source: RFC 7239, RFC 9110 section 7.6.3, and the
    /// documentation of nginx, HAProxy, Cloudflare and Tailscale.
    private static let forwarding = [
        "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP",
        "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_CLIENT_IP",
        "HTTP_CF_CONNECTING_IP", "HTTP_CF_RAY", "HTTP_TRUE_CLIENT_IP",
        "HTTP_TAILSCALE_USER_LOGIN",
    ]

    /// Whether a request was made by a program of this machine for this machine.
    static func made(_ exchange: Exchange) -> Bool {
        guard let address = exchange.parameter("REMOTE_ADDR"), addresses.contains(address) else {
            return false
        }
        if let host = exchange.parameter("HTTP_HOST"), !names.contains(name(of: host)) {
            return false
        }
        return forwarding.allSatisfy { exchange.parameter($0) == nil }
    }

    /// A Host header without its port.
    private static func name(of host: String) -> String {
        let start =
            host.hasPrefix("[") ? host.firstIndex(of: "]") ?? host.startIndex : host.startIndex
        return host[..<(host[start...].firstIndex(of: ":") ?? host.endIndex)].lowercased()
    }
}
