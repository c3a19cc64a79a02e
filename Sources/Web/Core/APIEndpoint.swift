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
        let access = description.access
        return run(description) { [authenticator] request, _ throws(Problem) in
            let principal = try authenticator.require(access, request, goesByMemory: goesByMemory)
            try request.check(description.parameters)
            return try answer(request, principal)
        }
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
        let access = description.access
        return run(description) { [authenticator] request, exchange throws(Problem) in
            let principal = try authenticator.require(access, request)
            try request.check(description.parameters)
            return try answer(request, exchange, principal)
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
            case .provider, .callers, .users: { _ in false }
            }
        return run(description, answersAtOnce: answersAtOnce) {
            [authenticator] request, _ throws(Problem) in
            if !isOpen(request) { try authenticator.require(access, request) }
            return try answer(request)
        }
    }

    private func run(
        _ description: RouteDescription,
        answersAtOnce: @escaping @Sendable (Exchange) -> Bool = { _ in false },
        _ answer: @escaping @Sendable (APIRequest, Exchange) throws(Problem) -> Response?
    ) -> Router.Route {
        Router.Route(description, answersAtOnce: answersAtOnce) { [logger] exchange, captures in
            let request = APIRequest(exchange, captures: captures)
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
