import Domain

/// Where callbacks to this machine by HTTPS are posted to: Foundation's client trusts no authority
/// of our own.
struct CallbackRelay: Sendable {
    /// `http://127.0.0.1:PORT/callbacks-out`: host and path are put behind it; nil posts all
    /// callbacks to where they go.
    let url: String?

    /// The request that is made instead of a callback.
    func request(for callback: ProviderRequest) -> ProviderRequest {
        ProviderRequest(
            method: callback.method, url: target(of: callback.url), headers: callback.headers,
            body: callback.body)
    }

    /// Where a callback to a URL is posted to.
    func target(of url: String) -> String {
        guard let relay = self.url, url.hasPrefix("https://") else { return url }
        let rest = url.dropFirst("https://".count)
        let host = rest.prefix { $0 != ":" && $0 != "/" && $0 != "?" }
        guard host == "127.0.0.1" || host == "localhost" else { return url }
        return "\(relay)/\(rest)"
    }
}
