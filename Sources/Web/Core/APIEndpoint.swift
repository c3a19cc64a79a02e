import Domain
import FastCGI
package import Telemetry

/// Runs an endpoint, on the worker's own thread, and turns its problems into answers.
package struct APIEndpoint: Sendable {
    private let authenticator: Authenticator
    private let logger: Logger

    package init(authenticator: Authenticator, logger: Logger) {
        self.authenticator = authenticator
        self.logger = logger
    }

    /// An endpoint for callers with a key of this scope; see `Authenticator` for `goesByMemory`.
    func guarded(
        by scope: Scope, goesByMemory: Bool = false,
        _ answer: @escaping @Sendable (APIRequest, Principal) throws(Problem) -> Response
    ) -> Router.Endpoint {
        open { [authenticator] request throws(Problem) in
            let principal = try authenticator.require(scope, request, goesByMemory: goesByMemory)
            return try answer(request, principal)
        }
    }

    /// The same for an endpoint that reads a body, or answers later from any thread: then it
    /// returns nil and must not fail any more.
    func guarded(
        by scope: Scope,
        later answer:
            @escaping @Sendable (
                APIRequest, Exchange, Principal
            ) throws(Problem) -> Response?
    ) -> Router.Endpoint {
        run { [authenticator] request, exchange throws(Problem) in
            let principal = try authenticator.require(scope, request)
            return try answer(request, exchange, principal)
        }
    }

    /// An endpoint without a key, for everybody whom nginx admits.
    func open(
        _ answer: @escaping @Sendable (APIRequest) throws(Problem) -> Response
    ) -> Router.Endpoint {
        run { request, _ throws(Problem) in try answer(request) }
    }

    private func run(
        _ answer: @escaping @Sendable (APIRequest, Exchange) throws(Problem) -> Response?
    ) -> Router.Endpoint {
        { [logger] exchange, captures in
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
