private import Foundation

import Domain
import FastCGI

/// What an API endpoint sees of a request.
package struct APIRequest {
    /// The path's variable parts, in order.
    let captures: [String]
    /// nginx's id of the request.
    package let requestID: String?
    /// The client's address as nginx sees it.
    let remoteAddress: String?
    let authorization: String?
    private let query: [String: [String]]

    init(_ exchange: Exchange, captures: [String]) {
        self.captures = captures
        requestID = exchange.requestID
        remoteAddress = exchange.parameter("REMOTE_ADDR")
        authorization = exchange.parameter(HeaderName.authorization.parameter)
        query = Self.items(exchange.parameter("QUERY_STRING") ?? "")
    }

    /// A query parameter's value, nil if it is absent.
    ///
    /// - Throws: 400 `bad_query` if it came more than once.
    func value(_ name: String) throws(Problem) -> String? {
        guard let values = query[name] else { return nil }
        guard values.count == 1 else {
            throw Problem(
                .badRequest, "bad_query", "The parameter \(name) was given \(values.count) times.",
                at: name)
        }
        return values[0]
    }

    /// Refuses parameters that the endpoint does not know: a typo must not widen an answer.
    func allow(_ names: String...) throws(Problem) {
        if let unknown = query.keys.sorted().first(where: { !names.contains($0) }) {
            let known = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw Problem(
                .badRequest, "bad_query",
                "There is no parameter of this name here; known: \(known).", at: unknown)
        }
    }

    private static func items(_ query: String) -> [String: [String]] {
        var components = URLComponents()
        // `+` is a blank in a query as forms write it; URLComponents leaves it alone.
        components.percentEncodedQuery = query.replacingOccurrences(of: "+", with: "%20")
        return Dictionary(grouping: components.queryItems ?? [], by: \.name)
            .mapValues { $0.map { $0.value ?? "" } }
    }
}
