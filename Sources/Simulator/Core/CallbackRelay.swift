import Domain

/// Where HTTPS callbacks to this machine are posted: Foundation's client does not trust the demo's
/// own authority.
struct CallbackRelay: Sendable {
    /// `http://127.0.0.1:PORT/callbacks-out`, to which host and path are appended; nil posts all
    /// callbacks directly.
    let url: String?

    /// The request that is made instead of a callback.
    func request(for callback: ProviderRequest) -> ProviderRequest {
        ProviderRequest(
            method: callback.method, url: target(of: callback.url), headers: callback.headers,
            body: callback.body)
    }

    /// The URL to which a callback is posted.
    func target(of url: String) -> String {
        guard let relay = self.url, url.hasPrefix("https://") else { return url }
        let rest = url.dropFirst("https://".count)
        let host = rest.prefix { $0 != ":" && $0 != "/" && $0 != "?" }
        guard host == "127.0.0.1" || host == "localhost" else { return url }
        return "\(relay)/\(rest)"
    }
}
