import Domain
import FastCGI
import JSON

/// A request as an API endpoint sees it.
package struct APIRequest {
    /// Method and path pattern, as in `AccessTable`.
    let route: String
    /// The path's variable parts, in order.
    let captures: [String]
    /// nginx's id of the request.
    package let requestID: String?
    /// Whether the caller is a program on this machine, and not a client of a proxy or a tunnel on
    /// it.
    let isLocal: Bool
    let authorization: String?
    /// The whole header.
    let cookie: String?
    let userAgent: String?
    /// Whether the method changes nothing. Source: RFC 9110, section 9.2.1.
    let isSafe: Bool
    /// What the browser says of who made it send this.
    let origins: OriginCheck.Verdict
    /// Scheme and host by which the client knows this site; nil if nginx does not say.
    let site: String?
    let contentType: String?
    let idempotencyKey: String?
    /// The client's, as nginx knows it.
    let address: String?
    /// Nil if it is not percent-encoded UTF-8 without NUL.
    private let query: QueryReader?
    private let exchange: Exchange

    init(_ exchange: Exchange, route: String = "", captures: [String]) {
        self.exchange = exchange
        self.route = route
        self.captures = captures
        requestID = exchange.requestID
        isLocal = LocalCaller.made(exchange)
        authorization = exchange.parameter(HeaderName.authorization.parameter)
        cookie = exchange.parameter("HTTP_COOKIE")
        userAgent = exchange.parameter("HTTP_USER_AGENT")
        isSafe = ["GET", "HEAD"].contains(exchange.method)
        site = exchange.parameter("SITE_ORIGIN")
        origins = OriginCheck.verdict(
            fetchSite: exchange.parameter("HTTP_SEC_FETCH_SITE"),
            origin: exchange.parameter("HTTP_ORIGIN"),
            own: site)
        contentType = exchange.contentType
        idempotencyKey = exchange.parameter("HTTP_IDEMPOTENCY_KEY")
        address = exchange.parameter("REMOTE_ADDR")
        query = QueryReader(strict: exchange.parameter("QUERY_STRING") ?? "")
    }

    /// Whether there is a body, as far as nginx says.
    var hasBody: Bool { exchange.contentLength != 0 }

    /// One of nginx's own parameters, which no client can set; nil if it is empty.
    func parameter(_ name: String) -> String? {
        exchange.parameter(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// For the audit, where nobody is known.
    var origin: RequestOrigin { RequestOrigin(requestID: requestID, address: address) }

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

    /// The names of all parameters.
    ///
    /// - Throws: 400 `bad_query` if the query cannot be read.
    func names() throws(Problem) -> [String] { try readQuery().names }

    /// Refuses unknown parameters, because a misspelt filter must not be ignored and return too
    /// much; and values that a parameter does not take.
    ///
    /// - Throws: 400 `bad_query`, naming the parameter and what it takes.
    func check(_ parameters: [Parameter]) throws(Problem) {
        let names = try readQuery().names
        let known = Set(parameters.map { ExactName($0.name) })
        let prefixes = parameters.filter(\.isPrefix).map(\.name)
        let unknown = names.filter { name in
            !known.contains(ExactName(name))
                && !prefixes.contains { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }
        }
        if let unknown = unknown.min() {
            let list =
                parameters.isEmpty
                ? "none"
                : parameters.map { $0.isPrefix ? "\($0.name)…" : $0.name }.joined(separator: ", ")
            throw Problem(
                .badRequest, "bad_query",
                "There is no parameter of this name here; known: \(list).", at: unknown)
        }
        for parameter in parameters where !parameter.isPrefix {
            guard let value = try value(parameter.name) else {
                guard !parameter.isRequired else {
                    throw Problem(
                        .badRequest, "bad_query",
                        "It is required. It takes \(parameter.form.takes).", at: parameter.name)
                }
                continue
            }
            try Self.check(value, parameter, named: parameter.name)
        }
        for parameter in parameters where parameter.isPrefix {
            for name in Set(names) where name.hasPrefix(parameter.name) {
                try Self.check(try value(name) ?? "", parameter, named: name)
            }
        }
    }

    /// The values of all parameters whose names begin so, by the rest of the name.
    ///
    /// - Throws: 400 `bad_query` if one came more than once, or the query cannot be read.
    func values(prefix: String) throws(Problem) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        for name in try readQuery().names where name.hasPrefix(prefix) {
            guard let value = try value(name) else { continue }
            found.append((String(name.dropFirst(prefix.count)), value))
        }
        return found
    }

    private static func check(
        _ value: String, _ parameter: Parameter, named name: String
    ) throws(Problem) {
        guard parameter.form.accepts(value) else {
            throw Problem(
                .badRequest, "bad_query", "It takes \(parameter.form.takes).", at: name)
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
