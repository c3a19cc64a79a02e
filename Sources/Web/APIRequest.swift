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
    /// Nil if it cannot be read.
    private let query: [String: [String]]?

    init(_ exchange: Exchange, captures: [String]) {
        self.captures = captures
        requestID = exchange.requestID
        remoteAddress = exchange.parameter("REMOTE_ADDR")
        authorization = exchange.parameter(HeaderName.authorization.parameter)
        query = Self.items(exchange.parameter("QUERY_STRING") ?? "")
    }

    /// A query parameter's value, nil if it is absent.
    ///
    /// - Throws: 400 `bad_query` if it came more than once, or the query cannot be read.
    func value(_ name: String) throws(Problem) -> String? {
        guard let values = try readable()[name] else { return nil }
        guard values.count == 1 else {
            throw Problem(
                .badRequest, "bad_query", "The parameter \(name) was given \(values.count) times.",
                at: name)
        }
        return values[0]
    }

    /// Refuses parameters that the endpoint does not know: a typo must not widen an answer.
    func allow(_ names: String...) throws(Problem) {
        if let unknown = try readable().keys.sorted().first(where: { !names.contains($0) }) {
            let known = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw Problem(
                .badRequest, "bad_query",
                "There is no parameter of this name here; known: \(known).", at: unknown)
        }
    }

    private func readable() throws(Problem) -> [String: [String]] {
        guard let query else {
            throw Problem(
                .badRequest, "bad_query",
                "The query holds an escape that stands for no text: bytes that are no UTF-8, a NUL,"
                    + " or a % without two hexadecimal digits.")
        }
        return query
    }

    /// Nil if an escape stands for no text. Not by URLComponents: it ends the process for one.
    private static func items(_ query: String) -> [String: [String]]? {
        var items: [String: [String]] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(parts[0]),
                let value = parts.count == 2 ? decoded(parts[1]) : ""
            else { return nil }
            items[name, default: []].append(value)
        }
        return items
    }

    /// The text that a name or a value stands for, `+` for a blank as forms write it.
    private static func decoded(_ text: Substring) -> String? {
        let decoded = text.replacing("+", with: " ").removingPercentEncoding
        // PostgreSQL's text holds no NUL, so nothing has a name with one.
        return decoded.flatMap { $0.utf8.contains(0) ? nil : $0 }
    }
}
