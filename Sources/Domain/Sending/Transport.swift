/// The result of an HTTP request.
package enum TransportResult: Sendable, Equatable {
    case answered(ProviderResponse)
    /// No byte of the request can have reached the provider: refused, no such host, no TLS.
    case notSent(ProviderProblem)
    /// The request was, or may have been, written, and no whole answer came.
    case unanswered(ProviderProblem)
}

/// Makes HTTP requests. Any thread.
package protocol HTTPTransport: Sendable {
    /// Makes a request and returns at once; redirections are not followed.
    ///
    /// - Parameters:
    ///   - request: sent as it is.
    ///   - limit: the most time that all of it may take, from name look-up to the last byte.
    ///   - completion: called exactly once, on a thread of the transport's; it must not block.
    func send(
        _ request: ProviderRequest, within limit: Duration,
        completion: @escaping @Sendable (TransportResult) -> Void)
}
