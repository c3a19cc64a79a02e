import Domain
import FastCGI
package import Telemetry

/// Runs endpoints, on the worker's own thread, after the checks that their descriptions ask for, and
/// turns their problems into answers.
package struct APIEndpoint: Sendable {
    private let authenticator: Authenticator
    private let logger: Logger

    package init(authenticator: Authenticator, logger: Logger) {
        self.authenticator = authenticator
        self.logger = logger
    }

    /// A route for callers with a key or an account; see `Authenticator` for `goesByMemory`.
    func route(
        _ description: RouteDescription, goesByMemory: Bool = false,
        _ answer: @escaping @Sendable (APIRequest, Principal) throws(Problem) -> Response
    ) -> Router.Route {
        route(
            description, goesByMemory: goesByMemory,
            caller: {
                request, _, caller throws(Problem) in try answer(request, caller.principal)
            })
    }

    /// The same for an endpoint that reads a body, or answers later from any thread: then it
    /// returns nil and must not fail any more.
    func route(
        _ description: RouteDescription,
        later answer:
            @escaping @Sendable (
                APIRequest, Exchange, Principal
            ) throws(Problem) -> Response?
    ) -> Router.Route {
        route(
            description,
            caller: { request, exchange, caller throws(Problem) in
                try answer(request, exchange, caller.principal)
            })
    }

    /// The same for an endpoint that needs to know the caller's session.
    ///
    /// - Parameters:
    ///   - description: of the route.
    ///   - goesByMemory: see `Authenticator`.
    ///   - isActivity: whether a request makes a session go on; all do unless given.
    ///   - answer: gets the caller.
    /// - Returns: the route.
    func route(
        _ description: RouteDescription, goesByMemory: Bool = false,
        isActivity: @escaping @Sendable (APIRequest) -> Bool = { _ in true },
        caller answer:
            @escaping @Sendable (
                APIRequest, Exchange, APICaller
            ) throws(Problem) -> Response?
    ) -> Router.Route {
        let access = description.access
        return run(description) { [authenticator] request, exchange throws(Problem) in
            let caller = try authenticator.require(
                access, request, goesByMemory: goesByMemory, isActivity: isActivity(request))
            try request.check(description.parameters)
            guard var response = try answer(request, exchange, caller) else { return nil }
            // What sets or clears the cookie itself knows better.
            if !response.headers.contains(where: { $0.name == "Set-Cookie" }) {
                response.headers += authenticator.renewal(of: caller)
            }
            return response
        }
    }

    /// A route for everybody, which reads a body and answers later, as above.
    ///
    /// Pages of other sites are refused, as they would be with a session: they must not sign their
    /// readers in as somebody else.
    ///
    /// - Parameters:
    ///   - description: of the route.
    ///   - answer: may ask who calls, and gets the problem of a request without credentials.
    /// - Returns: the route.
    func openRoute(
        _ description: RouteDescription,
        later answer:
            @escaping @Sendable (
                APIRequest, Exchange, _ caller: () throws(Problem) -> APICaller
            ) throws(Problem) -> Response?
    ) -> Router.Route {
        run(description) { [authenticator] request, exchange throws(Problem) in
            try authenticator.checkOpen(request)
            try request.check(description.parameters)
            return try answer(request, exchange) { () throws(Problem) in
                try authenticator.require(.session, request)
            }
        }
    }

    /// A route for everybody whom nginx admits, or for programs on this machine and, with a key or
    /// an account, for others.
    func route(
        _ description: RouteDescription,
        answersAtOnce: @escaping @Sendable (Exchange) -> Bool = { _ in false },
        _ answer: @escaping @Sendable (APIRequest) throws(Problem) -> Response
    ) -> Router.Route {
        let access = description.access
        let isOpen: @Sendable (APIRequest) -> Bool =
            switch access {
            case .everybody: { _ in true }
            case .localOrCallers: \.isLocal
            case .provider, .callers, .users, .session: { _ in false }
            }
        return run(description, answersAtOnce: answersAtOnce) {
            [authenticator] request, _ throws(Problem) in
            if !isOpen(request) { try authenticator.require(access, request) }
            return try answer(request)
        }
    }

    /// A route for callers with a key or an account, or for whoever sends something else that proves
    /// a right, which the endpoint then checks; it answers later. Reading a stream is no activity.
    ///
    /// - Parameters:
    ///   - description: the route's.
    ///   - isOpen: whether the request has that; then no caller is asked for.
    ///   - answer: gets the caller, nil where the request is open.
    /// - Returns: the router's entry.
    func route(
        _ description: RouteDescription, orOpenIf isOpen: @escaping @Sendable (APIRequest) -> Bool,
        _ answer:
            @escaping @Sendable (
                APIRequest, Exchange, StreamReader?
            ) throws(Problem) -> Response?
    ) -> Router.Route {
        let access = description.access
        return run(description) { [authenticator] request, exchange throws(Problem) in
            let reader =
                isOpen(request) ? nil : try authenticator.streamReader(access, request)
            try request.check(description.parameters)
            return try answer(request, exchange, reader)
        }
    }

    private func run(
        _ description: RouteDescription,
        answersAtOnce: @escaping @Sendable (Exchange) -> Bool = { _ in false },
        _ answer: @escaping @Sendable (APIRequest, Exchange) throws(Problem) -> Response?
    ) -> Router.Route {
        Router.Route(description, answersAtOnce: answersAtOnce) { [logger] exchange, captures in
            let request = APIRequest(
                exchange, route: "\(description.method) \(description.path)", captures: captures)
            do throws(Problem) {
                guard let response = try answer(request, exchange) else { return }
                exchange.respond(response)
            } catch {
                if error.status.code >= 500 {
                    logger.log(
                        .error, "request failed", requestID: request.requestID,
                        limitKey: error.code,
                        ["code": "\(error.code)", "detail": "\(error.detail)"])
                }
                exchange.respond(error.response(requestID: request.requestID))
            }
        }
    }
}

extension Response {
    /// A JSON answer; nginx adds the header that forbids caching.
    static func json(_ status: HTTPStatus = .ok, body: [UInt8]) -> Response {
        Response(status, headers: [.json], body: body)
    }
}
