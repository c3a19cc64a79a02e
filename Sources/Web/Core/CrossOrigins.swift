import FastCGI

/// The web pages of other origins that may call the API with a key or a ticket (CORS).
///
/// Only pages of origins that are named get an answer that their browser shows them. Never with
/// credentials: the cookie of a user who has signed in is for this site's own pages alone, and
/// `Access-Control-Allow-Credentials` is never sent. Source: the Fetch standard, section 3.2.
package struct CrossOrigins: Sendable {
    private let origins: Set<String>

    /// What a page of another origin may send besides what any form could.
    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
    /// What a page of another origin sees besides what every page sees.
    private static let shownHeaders =
        "X-Request-Id, Retry-After, Idempotency-Replayed, Location, Content-Disposition"
    /// How long a browser remembers a preflight, in seconds; after a change of the origins it may
    /// go by the old answer for as long.
    private static let maxAge = "3600"

    /// - Parameter origins: as browsers write them: `https://app.example.com`. Without any, nothing
    ///   is added to any answer.
    package init(_ origins: [String]) {
        self.origins = Set(origins)
    }

    /// Whether there is nothing to do.
    var isEmpty: Bool { origins.isEmpty }

    /// The headers of an answer, whatever its status.
    ///
    /// - Parameter origin: the request's Origin header.
    /// - Returns: also for other origins the one by which caches tell answers apart.
    func headers(for origin: String?) -> [HeaderField] {
        guard let allowed = allowed(origin) else { return [.varyOrigin] }
        return [
            allowed, .varyOrigin,
            HeaderField(name: "Access-Control-Expose-Headers", value: Self.shownHeaders),
        ]
        .compactMap { $0 }
    }

    /// The answer to a preflight, without the headers of every answer.
    ///
    /// - Parameters:
    ///   - exchange: an OPTIONS request.
    ///   - methods: of the routes at its path that a page of another origin may call.
    /// - Returns: nil if it is no preflight, or one of another origin.
    func preflight(_ exchange: Exchange, methods: Set<String>) -> Response? {
        guard !methods.isEmpty, exchange.parameter("HTTP_ACCESS_CONTROL_REQUEST_METHOD") != nil,
            allowed(exchange.parameter("HTTP_ORIGIN")) != nil
        else { return nil }
        let methods = methods.union(methods.contains("GET") ? ["HEAD"] : []).sorted()
        return Response(
            .noContent,
            headers: [
                HeaderField(
                    name: "Access-Control-Allow-Methods", value: methods.joined(separator: ", ")),
                HeaderField(name: "Access-Control-Allow-Headers", value: Self.requestHeaders),
                HeaderField(name: "Access-Control-Max-Age", value: Self.maxAge),
            ].compactMap { $0 })
    }

    private func allowed(_ origin: String?) -> HeaderField? {
        guard let origin, origins.contains(origin) else { return nil }
        return HeaderField(name: "Access-Control-Allow-Origin", value: origin)
    }
}

extension HeaderField {
    static let varyOrigin = HeaderField("Vary", "Origin")
}
