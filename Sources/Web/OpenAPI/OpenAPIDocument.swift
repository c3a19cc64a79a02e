import Domain
import FastCGI
import JSON

/// The OpenAPI document of all routes, made from their descriptions.
///
/// Source: OpenAPI Specification 3.1.1.
struct OpenAPIDocument {
    private let version: String
    private let providers: [String]
    private let routes: [RouteDescription]

    /// - Parameters:
    ///   - version: the program's.
    ///   - providers: the names of those that it knows.
    ///   - routes: each method and path once.
    init(version: String, providers: [String], routes: [RouteDescription]) {
        self.version = version
        self.providers = providers
        self.routes = routes
    }

    /// The document as JSON text.
    var bytes: [UInt8] {
        JSONValue.members([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .members([
                    ("title", .string("Waybill")),
                    ("version", .string(version)),
                    ("description", .string(Self.description)),
                ])
            ),
            ("servers", .array([.members([("url", .string("/"))])])),
            ("tags", .array(tags)),
            ("paths", paths(of: routes.filter { !$0.isEventStream })),
            // Beside the paths, in the same form: a program that calls every operation and reads
            // the whole answer would never come to its end.
            ("x-event-streams", paths(of: routes.filter(\.isEventStream))),
            ("components", OpenAPIComponents.json(providers: providers)),
        ]).canonicalBytes
    }

    private static let description = """
        Sends SMS, takes the providers' delivery reports, and tells what became of each message. \
        Errors are problems (RFC 9457) whose `code` is stable. A query parameter that is not listed \
        is refused. HEAD works wherever GET does. Live streams of events, which never end by \
        themselves, are described in `x-event-streams`.
        """

    private var tags: [JSONValue] {
        let used = Set(routes.map(\.tag))
        return RouteDescription.Tag.allCases.filter(used.contains).map { tag in
            .members([("name", .string(tag.rawValue))])
        }
    }

    private func paths(of routes: [RouteDescription]) -> JSONValue {
        var byPath: [(path: String, operations: [(String, JSONValue)])] = []
        for route in routes {
            let operation = (route.method.lowercased(), OpenAPIOperation(route).json)
            if let index = byPath.firstIndex(where: { $0.path == route.path }) {
                byPath[index].operations.append(operation)
            } else {
                byPath.append((route.path, [operation]))
            }
        }
        return .members(byPath.map { ($0.path, .members($0.operations)) })
    }
}

/// One route as an Operation Object.
struct OpenAPIOperation {
    private let route: RouteDescription

    init(_ route: RouteDescription) { self.route = route }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("operationId", .string(route.id)),
            ("tags", .array([.string(route.tag.rawValue)])),
            ("summary", .string(route.summary)),
            ("description", .string(description)),
        ]
        let parameters =
            pathParameters + route.parameters.map { Self.parameter($0, in: "query") }
            + route.headers.map { Self.parameter($0, in: "header") }
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        if let body = route.body { members.append(("requestBody", Self.body(body))) }
        members.append(("responses", responses))
        members.append(("security", .array(security)))
        return .members(members)
    }

    private var description: String {
        let callers =
            switch route.access {
            case .everybody: "For everybody whom nginx admits."
            case .provider: "For the provider, which proves itself in its own way."
            case .callers(let scope, let role):
                "For keys with the scope `\(scope.rawValue)`, and users from the role"
                    + " `\(role.rawValue)` on."
            case .localOrCallers(let scope, let role):
                "For programs on the same machine, keys with the scope `\(scope.rawValue)`, and"
                    + " users from the role `\(role.rawValue)` on."
            case .users(let role):
                "For users from the role `\(role.rawValue)` on; not for keys."
            case .session:
                "For users, also before they have set up the second factor that their role"
                    + " demands; not for keys."
            }
        return [route.details, callers].compactMap { $0 }.joined(separator: " ")
    }

    // MARK: What goes in

    /// A variable part of a path is an id of ours, a row's number, or a phone number.
    private var pathParameters: [JSONValue] {
        route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            let isNumber = part == "{number}"
            let isPhone = part == "{phone}"
            return .members([
                ("name", .string(String(part.dropFirst().dropLast()))),
                ("in", .string("path")),
                ("required", .boolean(true)),
                (
                    "description",
                    .string(
                        isPhone
                            ? "A phone number with its country code, in any spelling."
                            : isNumber ? "A row's id." : "An id, in letters of any case.")
                ),
                (
                    "schema",
                    isPhone
                        ? Schema.text(1...100).json
                        : isNumber
                            ? Schema.integer(1...Int(Int64.max)).json : Schema.uuid.json
                ),
            ])
        }
    }

    private static func parameter(_ parameter: Parameter, in place: String) -> JSONValue {
        // OpenAPI knows no names that only begin so; this one is an instance of them.
        let name = parameter.isPrefix ? "\(parameter.name)KEY" : parameter.name
        var members: [(String, JSONValue)] = [
            ("name", .string(name)), ("in", .string(place)),
            ("required", .boolean(parameter.isRequired)),
            ("description", .string(parameter.description)),
            ("schema", parameter.form.schema.json),
        ]
        if case .words = parameter.form {
            members.append(("style", .string("form")))
            members.append(("explode", .boolean(false)))
        }
        members.append(("example", parameter.exampleValue))
        return .members(members)
    }

    private static func body(_ body: RouteDescription.Body) -> JSONValue {
        .members([
            ("description", .string("At most \(body.limit) bytes.")),
            ("required", .boolean(!body.isOptional)),
            (
                "content",
                .members([
                    (
                        "application/json",
                        .members([
                            ("schema", body.schema.json),
                            ("example", JSONValue(Array(body.example.utf8)) ?? .null),
                        ])
                    )
                ])
            ),
        ])
    }

    /// One of these is enough.
    private var security: [JSONValue] {
        let none = JSONValue.members([])
        func key(_ scope: Scope) -> JSONValue {
            .members([("key", .array([.string(scope.rawValue)]))])
        }
        func session(_ role: Role) -> JSONValue {
            .members([("session", .array([.string(role.rawValue)]))])
        }
        return switch route.access {
        case .everybody, .provider: []
        case .callers(let scope, let role): [key(scope), session(role)]
        case .localOrCallers(let scope, let role): [none, key(scope), session(role)]
        case .users(let role): [session(role)]
        case .session: [session(.viewer)]
        }
    }

    // MARK: What comes out

    private var responses: JSONValue {
        var answers: [(status: String, json: JSONValue)] = []
        var told: Set<Int> = []
        for answer in route.answers where told.insert(answer.status.code).inserted {
            let same = route.answers.filter { $0.status == answer.status }
            answers.append((String(answer.status.code), Self.response(same)))
        }
        for common in OpenAPIComponents.responses(of: route) where !told.contains(common.status) {
            answers.append((String(common.status), .reference("responses", common.name)))
        }
        answers.sort { $0.status < $1.status }
        answers.append(("default", .reference("responses", "Error")))
        return .members(answers.map { ($0.status, $0.json) })
    }

    /// All that is told about one status, as one answer.
    private static func response(_ answers: [RouteDescription.Answer]) -> JSONValue {
        var content: [(String, JSONValue)] = []
        for answer in answers {
            for form in answer.content where !content.contains(where: { $0.0 == form.mediaType }) {
                content.append((form.mediaType, media(form, of: answer)))
            }
        }
        let status = answers[0].status.code
        var members: [(String, JSONValue)] = [
            ("description", .string(answers.map(\.description).joined(separator: " ")))
        ]
        var headers = [("X-Request-Id", JSONValue.reference("headers", "X-Request-Id"))]
        if status == 429 || status == 503 {
            headers.append(("Retry-After", .reference("headers", "Retry-After")))
        }
        members.append(("headers", .members(headers)))
        if !content.isEmpty { members.append(("content", .members(content))) }
        return .members(members)
    }

    private static func media(
        _ form: RouteDescription.Content, of answer: RouteDescription.Answer
    ) -> JSONValue {
        var members = [("schema", form.schema.json)]
        if let example = form.example {
            members.append(
                (
                    "example",
                    form.mediaType.hasSuffix("json")
                        ? JSONValue(Array(example.utf8)) ?? .null : .string(example)
                ))
        } else if form.mediaType == RouteDescription.Content.problem.mediaType {
            // The first of the codes that the description names.
            let codes = answer.description.split(separator: "`", omittingEmptySubsequences: false)
            if codes.count > 1 {
                members.append(
                    ("example", OpenAPIComponents.problem(answer.status, String(codes[1]))))
            }
        }
        return .members(members)
    }
}

extension Parameter {
    /// The example as JSON: what the value means, not how the query writes it.
    fileprivate var exampleValue: JSONValue {
        switch form {
        case .integer: .number(example)
        case .flag: .boolean(example == "true")
        case .words:
            .array(example.split(separator: ",").map { .string(String($0)) })
        case .other(let schema, _, _)
        where ["number", "integer"].contains(schema.json["type"]?.text):
            .number(example)
        case .text, .word, .time, .uuid, .other: .string(example)
        }
    }
}

extension JSONValue {
    static func members(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    /// A reference to a component.
    static func reference(_ kind: String, _ name: String) -> JSONValue {
        .members([("$ref", .string("#/components/\(kind)/\(name)"))])
    }
}

extension RouteDescription {
    /// Whether its answer goes on until one side ends it.
    fileprivate var isEventStream: Bool {
        answers.contains { $0.content.contains { $0.mediaType == "text/event-stream" } }
    }
}
