import Domain
import FastCGI
import JSON

/// The parts of the OpenAPI document that several routes share.
enum OpenAPIComponents {
    /// The component object of the document.
    ///
    /// - Parameter providers: the names of those that the program knows.
    /// - Returns: the object.
    static func json(providers: [String]) -> JSONValue {
        let names = (name: "ProviderName", schema: Schema.word(providers))
        return .members([
            ("schemas", .members((schemas + [names]).map { ($0.name, $0.schema.json) })),
            ("responses", .members(responses)),
            ("headers", headers),
            ("securitySchemes", securitySchemes),
        ])
    }

    /// All schemas by their names, each once.
    static var schemas: [(name: String, schema: Schema)] {
        [("Problem", problemSchema)] + messageSchemas + serviceSchemas + peopleSchemas
            + webhookSchemas
    }

    // MARK: Problems

    private static let problemSchema = Schema.object(
        [
            "type": .text(), "title": .text(), "status": .integer(300...599),
            "detail": .text().described("One sentence for people."),
            "code": .text(pattern: "^[a-z0-9_]+$").described("Stable, for programs."),
            "place": .text().described("Where in the input."),
            "errors": .array(
                .object(["field": .text(), "code": .text(), "detail": .text()]), 0...100),
            "error_count": .integer(0...Int(Int32.max)),
            "request_id": .text().orNull.described("Also in X-Request-Id and the logs."),
        ], optional: ["place", "errors", "error_count"])

    /// A problem as an example.
    static func problem(_ status: HTTPStatus, _ code: String) -> JSONValue {
        .members([
            ("type", .string("about:blank")), ("title", .string(status.reason)),
            ("status", .number("\(status.code)")), ("detail", .string("What is wrong.")),
            ("code", .string(code)),
            ("request_id", .string("8f2c1d0e5b7a49c3a6d1e0f2b3c4d5e6")),
        ])
    }

    /// The answers that a route may give although its description does not name them.
    static func responses(of route: RouteDescription) -> [(status: Int, name: String)] {
        var names = [(400, "BadRequest")]
        switch route.access {
        case .everybody: break
        case .provider: names.append((401, "Unauthenticated"))
        case .callers, .localOrCallers, .users, .session:
            names += [(401, "Unauthenticated"), (403, "Forbidden")]
        }
        return names + [(429, "TooManyRequests"), (503, "Unavailable")]
    }

    private static var responses: [(String, JSONValue)] {
        func response(
            _ name: String, _ description: String, _ status: HTTPStatus?, _ code: String,
            retryAfter: Bool = false
        ) -> (String, JSONValue) {
            var headers = [("X-Request-Id", JSONValue.reference("headers", "X-Request-Id"))]
            if retryAfter { headers.append(("Retry-After", .reference("headers", "Retry-After"))) }
            var media = [("schema", Schema.component("Problem").json)]
            if let status { media.append(("example", problem(status, code))) }
            return (
                name,
                .members([
                    ("description", .string(description)), ("headers", .members(headers)),
                    ("content", .members([("application/problem+json", .members(media))])),
                ])
            )
        }
        return [
            response(
                "BadRequest", "The request cannot be read, or a parameter is unknown or malformed.",
                .badRequest, "bad_query"),
            response(
                "Unauthenticated", "There is no valid key or session.", .unauthorized,
                "missing_key"),
            response(
                "Forbidden", "The caller may not do this, or not from this address.", .forbidden,
                "missing_scope"),
            response(
                "TooManyRequests", "Too many requests from this address or with this key.",
                HTTPStatus(code: 429), "rate_limited", retryAfter: true),
            response(
                "Unavailable", "The service, or its database, cannot answer now.",
                .serviceUnavailable, "database_unavailable", retryAfter: true),
            response("Error", "Another problem; its code says which.", nil, ""),
        ]
    }

    private static let headers = JSONValue.members([
        (
            "X-Request-Id",
            .members([
                ("description", .string("Names the request in the logs.")),
                ("schema", Schema.text().json),
            ])
        ),
        (
            "Retry-After",
            .members([
                ("description", .string("Seconds after which to try again.")),
                ("schema", Schema.integer(0...86_400).json),
            ])
        ),
    ])

    private static let securitySchemes = JSONValue.members([
        (
            "key",
            .members([
                ("type", .string("http")), ("scheme", .string("bearer")),
                (
                    "description",
                    .string("An API key, `wb_` and 43 characters. Operations name its scope.")
                ),
            ])
        ),
        (
            "session",
            .members([
                ("type", .string("apiKey")), ("in", .string("cookie")),
                ("name", .string("__Host-waybill")),
                (
                    "description",
                    .string(
                        "The cookie of a user who has signed in. Operations name the least role. A"
                            + " request that changes something must come from this site:"
                            + " `Sec-Fetch-Site: same-origin`, or an equal `Origin`.")
                ),
            ])
        ),
    ])
}
