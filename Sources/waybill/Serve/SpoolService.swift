import Domain
import Providers
import Spool
import Telemetry

/// The spool beside the report writer, and its drain. Without a spool the writer is used alone.
struct SpoolService: Sendable {
    /// Where callbacks go.
    let sink: any ReportSink
    /// Nil without a spool.
    var probe: (any SpoolProbe)? { drain }

    private let writer: SpoolWriter?
    private let drain: SpoolDrain?

    /// Starts it, if there is to be one.
    ///
    /// - Parameters:
    ///   - configuration: of the responder.
    ///   - reports: writes to the database.
    ///   - webhooks: reads callbacks again.
    ///   - server: the database's server as last seen; must not wait.
    ///   - metrics: where it counts.
    ///   - logger: told of failures.
    init(
        _ configuration: Configuration, reports: some ReportSink & WriterProbe,
        webhooks: [any WebhookProvider], server: @escaping @Sendable () -> DatabaseServer?,
        metrics: Metrics, logger: Logger
    ) {
        guard let spool = configuration.spool else {
            (sink, writer, drain) = (reports, nil, nil)
            return
        }
        let counts = SpoolMetrics(metrics)
        let writer = SpoolWriter(
            DiskFiles(directory: spool.directory), mode: spool.mode, limitBytes: spool.limitBytes,
            metrics: counts, logger: logger)
        let way = SpoolDrain.Way(
            reports, reports, providers: configuration.kits.providers,
            read: RecordReading(webhooks).submission)
        let drain = SpoolDrain(
            writer, way, window: spool.window, server: server, metrics: counts, logger: logger)
        SpoolGauges.register(drain, in: metrics)
        self.writer = writer
        self.drain = drain
        sink = SpoolingSink(reports, spool: writer)
    }

    /// Moves nothing more. Callbacks still come.
    func stopDraining(within limit: Duration) {
        _ = drain?.stop(within: limit)
    }

    /// Writes what waits, and ends; after the report writer, which may still fail.
    ///
    /// - Returns: false if the deadline passed first.
    func stop(within limit: Duration) -> Bool {
        writer?.stop(within: limit) ?? true
    }
}

/// Reads the reports of spooled callbacks again, by today's parser.
struct RecordReading: Sendable {
    private let webhooks: [Provider: any WebhookProvider]

    init(_ webhooks: [any WebhookProvider]) {
        self.webhooks = Dictionary(webhooks.map { ($0.provider, $0) }) { first, _ in first }
    }

    /// What is written of a record. A callback that nobody can read is archived, with the reason in
    /// quarantine.
    @Sendable
    func submission(_ record: SpoolRecord) -> Submission {
        let callback = record.callback
        guard record.rejects.isEmpty else {
            return Submission(
                callback: callback, reports: [], rejects: record.rejects,
                credentials: record.credentials)
        }
        guard let webhook = webhooks[callback.provider] else {
            let reject = Reject(
                reason: "provider_not_configured", place: "callback",
                detail: "The callback was spooled, and the settings of its provider are gone.",
                excerpt: callback.body)
            return Submission(callback: callback, reports: [], rejects: [reject])
        }
        do {
            let parsed = try webhook.parse(callback)
            return Submission(
                parsed, of: callback,
                credentials: parsed.rejects.isEmpty ? nil : record.credentials)
        } catch {
            let reject = Reject(
                reason: error.code.rawValue, place: error.place, detail: error.detail,
                excerpt: callback.body)
            return Submission(callback: callback, reports: [], rejects: [reject])
        }
    }
}

/// The spool's state as metrics.
enum SpoolGauges {
    static func register(_ probe: any SpoolProbe, in metrics: Metrics) {
        metrics.gauge(
            "waybill_spool_bytes", "Bytes of the callbacks that wait in the spool."
        ) { Double(probe.spoolState().waitingBytes) }
        metrics.gauge(
            "waybill_spool_file_bytes", "What the spool's files take, with reserved room."
        ) { Double(probe.spoolState().fileBytes) }
        metrics.gauge("waybill_spool_limit_bytes", "What the spool's files may take.") {
            Double(probe.spoolState().limitBytes)
        }
        metrics.gauge(
            "waybill_spool_waiting_callbacks", "Callbacks that wait in the spool, as far as known."
        ) { Double(probe.spoolState().waitingCallbacks) }
        metrics.gauge(
            "waybill_spool_oldest_age_seconds", "The age of the oldest callback that waits there."
        ) {
            probe.spoolState().oldestAt.map { Timestamp.now.since($0) / .seconds(1) } ?? 0
        }
        metrics.gauge(
            "waybill_spool_drain_rate", "Callbacks moved to the database a second, over 10 s."
        ) { probe.spoolState().drainRate }
        metrics.gauge(
            "waybill_spool_set_aside_files", "Files of damaged bytes; look at each and remove it."
        ) { Double(probe.spoolState().setAsideFiles) }
        metrics.gauge("waybill_spool_accepts", "Whether it takes callbacks: 1 or 0.") {
            probe.spoolState().accepts ? 1 : 0
        }
    }
}
