import FastCGI
import Postgres
import Telemetry

/// A server's counters as metrics.
enum ServerGauges {
    static func register(
        _ server: Server, name: Listener.Name, limit: Int, in metrics: Metrics
    ) {
        let labels: KeyValuePairs = ["socket": name.rawValue]
        metrics.counter("waybill_requests_total", "FastCGI requests read, by socket.", labels) {
            Int(server.metrics.requests)
        }
        metrics.counter(
            "waybill_protocol_errors_total", "Connections closed for malformed records.", labels
        ) { Int(server.metrics.protocolErrors) }
        metrics.gauge("waybill_connections", "Open FastCGI connections, by socket.", labels) {
            Double(server.metrics.openConnections)
        }
        metrics.gauge(
            "waybill_connections_limit", "Connections beyond which idle ones are closed.", labels
        ) { Double(limit) }
        metrics.counter(
            "waybill_connections_exhausted_total",
            "Connections that came while there were as many as the limit.", labels
        ) { server.metrics.exhaustions }
        metrics.gauge("waybill_requests_in_flight", "Requests not answered yet.", labels) {
            Double(server.metrics.inFlight)
        }
        metrics.gauge(
            "waybill_requests_waiting", "Requests that wait until others are answered.", labels
        ) { Double(server.metrics.waiting) }
        metrics.counter(
            "waybill_requests_refused_total",
            "Requests answered 503 because they waited in vain, or too many did.", labels
        ) { server.metrics.refused }
        metrics.gauge("waybill_workers_busy", "Workers that read or handle a request.", labels) {
            Double(server.metrics.busyWorkers)
        }
    }
}

/// The API's connections to the database as metrics.
enum PoolGauges {
    static func register(_ pool: ConnectionPool, in metrics: Metrics) {
        metrics.gauge("waybill_pool_in_use", "Database connections lent out.") {
            Double(pool.statistics.inUse)
        }
        metrics.gauge("waybill_pool_idle", "Database connections that wait.") {
            Double(pool.statistics.idle)
        }
        metrics.gauge("waybill_pool_waiting", "Requests that wait for a connection.") {
            Double(pool.statistics.waiting)
        }
        metrics.counter("waybill_pool_opened_total", "Database connections opened.") {
            Int(pool.statistics.opened)
        }
        metrics.counter("waybill_pool_failed_total", "Connection attempts that failed.") {
            Int(pool.statistics.failed)
        }
    }
}

/// The log's lost lines as a metric.
enum LogGauges {
    static func register(_ logger: Logger, in metrics: Metrics) {
        metrics.counter(
            "waybill_log_dropped_total",
            "Log lines lost because standard error did not take them."
        ) { logger.droppedLines }
    }
}
