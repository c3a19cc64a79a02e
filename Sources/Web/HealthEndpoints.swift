package import Domain
import FastCGI
package import Telemetry

/// `GET /health/…` for load balancers and `GET /metrics` for Prometheus.
package struct HealthEndpoints: Sendable {
    private let database: any DatabaseProbe
    private let metrics: Metrics
    private let authenticator: Authenticator

    package init(database: any DatabaseProbe, metrics: Metrics, authenticator: Authenticator) {
        self.database = database
        self.metrics = metrics
        self.authenticator = authenticator
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            liveness(endpoint),
            Router.Route("GET", "/health/ready", endpoint.open { _ in ready() }),
            Router.Route("GET", "/metrics", endpoint.open(exposition)),
        ]
    }

    /// `GET /health/live` alone.
    package func liveness(_ endpoint: APIEndpoint) -> Router.Route {
        Router.Route("GET", "/health/live", endpoint.open { _ in Self.live() })
    }

    /// Asks nobody: the process answers, so it lives.
    private static func live() -> Response {
        .json(body: Array(#"{"status":"live"}"#.utf8))
    }

    /// Whether callbacks can be stored now.
    private func ready() -> Response {
        let state = database.databaseState()
        var json = JSONText()
        json.beginObject()
        json.member("status", state.problem == nil ? "ready" : "not_ready")
        json.member("reason", state.problem)
        json.member("database_latency_ms", milliseconds: state.latency)
        json.member("migration", state.migration)
        json.member("expected_migration", state.expectedMigration)
        json.endObject()
        return .json(
            state.problem == nil ? .ok : .serviceUnavailable, body: json.bytes)
    }

    /// Prometheus on the same machine needs no key; everybody else needs one with scope `admin`.
    private func exposition(_ request: APIRequest) throws(Problem) -> Response {
        if request.remoteAddress != "127.0.0.1", request.remoteAddress != "::1" {
            try authenticator.require(.admin, request)
        }
        return Response(.ok, headers: [.exposition], body: Array(metrics.exposition().utf8))
    }
}
