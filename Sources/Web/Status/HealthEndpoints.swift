package import Domain
import FastCGI
import JSON
package import Telemetry

/// `GET /health/…` for load balancers and `GET /metrics` for Prometheus.
package struct HealthEndpoints: Sendable {
    private let database: any DatabaseProbe
    private let writer: any WriterProbe
    private let spool: (any SpoolProbe)?
    private let metrics: Metrics

    /// - Parameters:
    ///   - database: must answer without waiting.
    ///   - writer: likewise.
    ///   - spool: likewise; nil if there is none.
    ///   - metrics: what is shown; reading them waits for a moment at most.
    package init(
        database: any DatabaseProbe, writer: any WriterProbe, spool: (any SpoolProbe)? = nil,
        metrics: Metrics
    ) {
        self.database = database
        self.writer = writer
        self.spool = spool
        self.metrics = metrics
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            liveness(endpoint),
            endpoint.route(.readiness, answersAtOnce: { _ in true }) { _ in ready() },
            endpoint.route(.metrics, answersAtOnce: LocalCaller.made) { _ in
                Response(.ok, headers: [.exposition], body: Array(metrics.exposition().utf8))
            },
        ]
    }

    /// `GET /health/live` alone.
    package func liveness(_ endpoint: APIEndpoint) -> Router.Route {
        endpoint.route(.liveness, answersAtOnce: { _ in true }) { _ in Self.live() }
    }

    /// Checks nothing: a process that answers is alive.
    private static func live() -> Response {
        .json(body: JSONWriter.document { $0.member("status", "live") })
    }

    /// Whether callbacks can be stored in the database now; if not, the spool's part tells whether
    /// they are taken all the same. Anybody may ask as often as they like, because it costs
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
        SpoolView.describe(spool?.spoolState(), at: .now, in: &json)
        json.endObject()
        return .json(
            problem == nil ? .ok : .serviceUnavailable, body: json.bytes)
    }
}
