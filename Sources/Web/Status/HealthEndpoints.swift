package import Domain
import FastCGI
import JSON
package import Telemetry

/// `GET /health/…` for load balancers and `GET /metrics` for Prometheus.
package struct HealthEndpoints: Sendable {
    private let database: any DatabaseProbe
    private let writer: any WriterProbe
    private let metrics: Metrics
    private let authenticator: Authenticator

    /// - Parameters:
    ///   - database: must answer without waiting.
    ///   - writer: likewise.
    ///   - metrics: what is shown; reading them waits for a moment at most.
    ///   - authenticator: checks the keys of callers from elsewhere.
    package init(
        database: any DatabaseProbe, writer: any WriterProbe, metrics: Metrics,
        authenticator: Authenticator
    ) {
        self.database = database
        self.writer = writer
        self.metrics = metrics
        self.authenticator = authenticator
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            liveness(endpoint),
            Router.Route(
                "GET", "/health/ready", answersAtOnce: { _ in true }, endpoint.open { _ in ready() }
            ),
            Router.Route(
                "GET", "/metrics", answersAtOnce: LocalCaller.made,
                endpoint.open(exposition)),
        ]
    }

    /// `GET /health/live` alone.
    package func liveness(_ endpoint: APIEndpoint) -> Router.Route {
        Router.Route(
            "GET", "/health/live", answersAtOnce: { _ in true }, endpoint.open { _ in Self.live() })
    }

    /// Checks nothing: a process that answers is alive.
    private static func live() -> Response {
        .json(body: JSONWriter.document { $0.member("status", "live") })
    }

    /// Whether callbacks can be stored now. Anybody may ask as often as they like, because it costs
    /// no query.
    private func ready() -> Response {
        let state = database.databaseState()
        // A server that can be read may still refuse writes, or more connections.
        let problem = state.problem ?? writer.writeProblem
        var json = JSONWriter()
        json.beginObject()
        json.member("status", problem == nil ? "ready" : "not_ready")
        json.member("reason", problem)
        json.member("database_latency_ms", milliseconds: state.latency)
        json.member("migration", state.migration)
        json.member("expected_migration", state.expectedMigration)
        json.endObject()
        return .json(
            problem == nil ? .ok : .serviceUnavailable, body: json.bytes)
    }

    /// Prometheus on the same machine needs no key; everybody else needs one with scope `admin`.
    private func exposition(_ request: APIRequest) throws(Problem) -> Response {
        if !request.isLocal { try authenticator.require(.admin, request) }
        return Response(.ok, headers: [.exposition], body: Array(metrics.exposition().utf8))
    }
}
