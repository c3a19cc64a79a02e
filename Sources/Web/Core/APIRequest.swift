import Domain
import FastCGI
import JSON

/// A request as an API endpoint sees it.
package struct APIRequest {
    /// The path's variable parts, in order.
    let captures: [String]
    /// nginx's id of the request.
    package let requestID: String?
    /// Whether the caller is a program on this machine, and not a client of a proxy or a tunnel on
    /// it.
    let isLocal: Bool
    let authorization: String?
    let contentType: String?
    let idempotencyKey: String?
    private let address: String?
    /// Nil if it is not percent-encoded UTF-8 without NUL.
    private let query: QueryReader?

    init(_ exchange: Exchange, captures: [String]) {
        self.captures = captures
        requestID = exchange.requestID
        isLocal = LocalCaller.made(exchange)
        authorization = exchange.parameter(HeaderName.authorization.parameter)
        contentType = exchange.contentType
        idempotencyKey = exchange.parameter("HTTP_IDEMPOTENCY_KEY")
        address = exchange.parameter("REMOTE_ADDR")
        query = QueryReader(strict: exchange.parameter("QUERY_STRING") ?? "")
    }

    /// The principal with this request's details, for the audit of its acts.
    func requester(_ principal: Principal) -> Requester {
        Requester(principal, requestID: requestID, address: address)
    }

    /// A query parameter's value, nil if it is absent.
    ///
    /// - Throws: 400 `bad_query` if it came more than once, or the query cannot be read.
    func value(_ name: String) throws(Problem) -> String? {
        let values = try readQuery().values(name)
        guard values.count <= 1 else {
            throw Problem(
                .badRequest, "bad_query", "The parameter \(name) was given \(values.count) times.",
                at: name)
        }
        return values.first
    }

    /// Refuses unknown parameters: a misspelt filter must not be ignored and return too much.
    ///
    /// - Throws: 400 `bad_query`.
    func allow(_ names: String...) throws(Problem) {
        let known = Set(names.map { ExactName($0) })
        if let unknown = try readQuery().names.filter({ !known.contains(ExactName($0)) }).min() {
            let known = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw Problem(
                .badRequest, "bad_query",
                "There is no parameter of this name here; known: \(known).", at: unknown)
        }
    }

    private func readQuery() throws(Problem) -> QueryReader {
        guard let query else {
            throw Problem(
                .badRequest, "bad_query", "The query is not percent-encoded UTF-8 without NUL.")
        }
        return query
    }
}
