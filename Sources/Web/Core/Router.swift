package import FastCGI

/// Finds the endpoint of a request by its path and method.
///
/// Paths are matched against DOCUMENT_URI, which nginx may have rewritten; signatures are checked
/// against REQUEST_URI, as the provider sent it.
package final class Router: ExchangeHandler {
    /// Answers a request, now or later, from any thread, exactly once.
    package typealias Endpoint = @Sendable (Exchange, _ captures: [String]) -> Void

    /// A method, a path pattern and the endpoint for them.
    package struct Route: Sendable {
        let method: String
        /// Segments; nil stands for any one segment.
        let pattern: [String?]
        let answersAtOnce: @Sendable (Exchange) -> Bool
        let endpoint: Endpoint
        /// Nil only of another spelling of a described route.
        package let description: RouteDescription?

        /// A route that is described.
        ///
        /// - Parameters:
        ///   - description: of which method and path count here.
        ///   - answersAtOnce: as below.
        ///   - endpoint: answers the request; it has checked who calls.
        package init(
            _ description: RouteDescription,
            answersAtOnce: @escaping @Sendable (Exchange) -> Bool = { _ in false },
            _ endpoint: @escaping Endpoint
        ) {
            self.init(
                description.method, description.path, description: description,
                answersAtOnce: answersAtOnce, endpoint)
        }

        /// - Parameters:
        ///   - method: upper case.
        ///   - path: such as `/v1/messages/{id}`; a segment in braces is captured.
        ///   - description: nil for another spelling of a described route.
        ///   - answersAtOnce: whether the endpoint answers a request without waiting for anything,
        ///     the database least of all; only for paths without captures.
        ///   - endpoint: answers the request.
        package init(
            _ method: String, _ path: String, description: RouteDescription? = nil,
            answersAtOnce: @escaping @Sendable (Exchange) -> Bool = { _ in false },
            _ endpoint: @escaping Endpoint
        ) {
            self.method = method
            self.answersAtOnce = answersAtOnce
            self.description = description
            pattern = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
                .map { $0.hasPrefix("{") ? nil : String($0) }
            self.endpoint = endpoint
        }

        /// The captured segments if the path matches, nil if not.
        func captures(_ segments: [Substring]) -> [String]? {
            guard segments.count == pattern.count else { return nil }
            var captures: [String] = []
            for (segment, wanted) in zip(segments, pattern) {
                if let wanted {
                    guard segment == wanted else { return nil }
                } else {
                    guard !segment.isEmpty else { return nil }
                    captures.append(String(segment))
                }
            }
            return captures
        }
    }

    /// Routes without captures by path, so that callbacks need one look-up.
    private let exact: [String: [Route]]
    private let patterns: [Route]
    private let crossOrigins: CrossOrigins

    /// - Parameters:
    ///   - routes: no two of the same method and path.
    ///   - crossOrigins: the pages of other origins that may call those that take keys.
    package init(_ routes: [Route], crossOrigins: CrossOrigins = CrossOrigins([])) {
        self.crossOrigins = crossOrigins
        let isExact = { (route: Route) in !route.pattern.contains(nil) }
        exact = Dictionary(grouping: routes.filter(isExact)) { route in
            "/" + route.pattern.compactMap { $0 }.joined(separator: "/")
        }
        patterns = routes.filter { !isExact($0) }
    }

    package func answersAtOnce(_ exchange: Exchange) -> Bool {
        let method = Self.method(exchange)
        if method == "OPTIONS" { return true }
        let route = exact[exchange.documentURI ?? ""]?.first { $0.method == method }
        return route?.answersAtOnce(exchange) ?? false
    }

    package func refuse(_ exchange: Exchange) {
        if !crossOrigins.isEmpty { open(exchange, to: candidates(for: exchange)) }
        let problem = Problem.unavailable(
            "overloaded", "There is more to do than can be done in time; send it again.")
        exchange.respond(problem.response(requestID: exchange.requestID))
    }

    /// Treats HEAD as GET; nginx drops the body of the answer.
    private static func method(_ exchange: Exchange) -> String {
        exchange.method == "HEAD" ? "GET" : exchange.method ?? ""
    }

    /// The routes at a path, of whatever method.
    private func candidates(for exchange: Exchange) -> [(Route, [String])] {
        let path = exchange.documentURI ?? ""
        let candidates = (exact[path] ?? []).map { ($0, [String]()) }
        guard candidates.isEmpty else { return candidates }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return patterns.compactMap { route in
            route.captures(Array(segments)).map { (route, $0) }
        }
    }

    /// Lets pages of other origins see the answer, as far as they are named and the routes take
    /// keys.
    ///
    /// - Returns: the methods that they may use.
    @discardableResult
    private func open(
        _ exchange: Exchange, to candidates: [(Route, [String])]
    ) -> Set<String> {
        let methods = candidates.map(\.0).filter { $0.description?.access.takesKeys ?? false }
            .map(\.method)
        guard !methods.isEmpty else { return [] }
        exchange.add(headers: crossOrigins.headers(for: exchange.parameter("HTTP_ORIGIN")))
        return Set(methods)
    }

    package func handle(_ exchange: Exchange) {
        let method = Self.method(exchange)
        let candidates = candidates(for: exchange)
        if !crossOrigins.isEmpty {
            let methods = open(exchange, to: candidates)
            if method == "OPTIONS",
                let answer = crossOrigins.preflight(exchange, methods: methods)
            {
                exchange.respond(answer)
                return
            }
        }
        if let (route, captures) = candidates.first(where: { $0.0.method == method }) {
            return route.endpoint(exchange, captures)
        }
        let problem: Problem
        if candidates.isEmpty {
            problem = Problem(.notFound, "not_found", "There is nothing at this path.")
        } else {
            let methods = Set(candidates.map(\.0.method))
            let allowed = methods.union(methods.contains("GET") ? ["HEAD"] : [])
                .sorted().joined(separator: ", ")
            problem = Problem(
                .methodNotAllowed, "method_not_allowed", "This path takes \(allowed).",
                headers: [HeaderField(name: "Allow", value: allowed)].compactMap { $0 })
        }
        exchange.respond(problem.response(requestID: exchange.requestID))
    }
}
