package import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let openAPI = RouteDescription(
        "GET", "/v1/openapi.json", "showOpenAPI", .service, "This document",
        details: "OpenAPI 3.1, made from the descriptions by which requests are checked.",
        answers: [
            Answer(
                .ok, "The document.",
                .json(
                    Schema(
                        .members([
                            ("type", .string("object")),
                            (
                                "required",
                                .array(["openapi", "info", "paths"].map { .string($0) })
                            ),
                        ])),
                    example: """
                        {"openapi":"3.1.0","info":{"title":"Waybill","version":"0.1.0"},"paths":{}}
                        """))
        ])
}

/// `GET /v1/openapi.json`: the OpenAPI document of all routes.
package struct OpenAPIEndpoint: Sendable {
    private let answer: Response

    /// - Parameters:
    ///   - version: the program's.
    ///   - providers: those that it knows.
    ///   - routes: all routes of all sockets, without this one.
    package init(version: String, providers: [ProviderTraits], routes: [Router.Route]) {
        var described: [RouteDescription] = []
        for description in routes.compactMap(\.description) + [.openAPI]
        // A route that several sockets have is one route.
        where !described.contains(where: {
            $0.method == description.method && $0.path == description.path
        }) {
            described.append(description)
        }
        let document = OpenAPIDocument(
            version: version, providers: providers.map(\.provider.name), routes: described)
        answer = .json(body: document.bytes)
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [endpoint.route(.openAPI, answersAtOnce: { _ in true }) { [answer] _ in answer }]
    }
}
