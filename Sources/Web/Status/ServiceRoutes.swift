import FastCGI
import JSON

extension RouteDescription {
    static let liveness = RouteDescription(
        "GET", "/health/live", "checkLiveness", .service, "Whether the process answers",
        details: "However busy it or the database is.",
        answers: [
            Answer(
                .ok, "It does.",
                .json(.object(["status": .word(["live"])]), example: #"{"status":"live"}"#))
        ])

    static let readiness = RouteDescription(
        "GET", "/health/ready", "checkReadiness", .service, "Whether callbacks can be stored",
        details: "Found out once a second, for all who ask.",
        answers: [
            Answer(
                .ok, "They can.",
                .json(
                    .component("Readiness"),
                    example: """
                        {"status":"ready","reason":null,"database_latency_ms":0.425,"migration":19,\
                        "expected_migration":19,"spool":null}
                        """)),
            Answer(
                .serviceUnavailable, "They cannot, for the reason that it gives.",
                .json(
                    .component("Readiness"),
                    example: """
                        {"status":"not_ready","reason":"the database does not answer",\
                        "database_latency_ms":null,"migration":null,"expected_migration":19,\
                        "spool":{"mode":"fallback","accepts":true,"problem":null,"bytes":22400,\
                        "callbacks":40,"limit_bytes":1073741824,"file_bytes":67108864,\
                        "oldest_age_seconds":3,"drained_per_second":0,"set_aside_files":0}}
                        """)),
        ])

    static let metrics = RouteDescription(
        "GET", "/metrics", "readMetrics", .service, "Metrics in Prometheus' text format",
        answers: [
            Answer(
                .ok, "The metrics of the process that answers.",
                Content("text/plain", .text(), example: "waybill_writer_batches_total 1\n"))
        ])

    static let status = RouteDescription(
        "GET", "/v1/status", "showStatus", .service, "The state of the service",
        details: "Counts are of the process that answers, since it started.",
        answers: [
            Answer(.ok, "The state.", .json(.component("ServiceStatus"), example: statusExample))
        ])

    private static let statusExample = """
        {"version":"0.1.0","started_at":"2026-11-21T10:34:41.306742Z","uptime_seconds":1,\
        "database":{"reachable":true,"latency_ms":3.103,"migration":19,"expected_migration":19,\
        "problem":null,"away_since":null,"synchronous_commit":"on",\
        "synchronous_standby_names":"","timeline":1,"warning":null},\
        "writer":{"queued_reports":0,"capacity_reports":20000,\
        "commit_ms":{"p50":25.091,"p99":25.091}},"providers":{},"sending":{},\
        "sending_problem":null,"live":{"streams":2,"limit":12000,"events_sent":31,"dropped":0,\
        "resets":0,"lag_seconds":0.021},"processes":[{\
        "id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","kind":"dispatcher","host":"sms-1","pid":4711,\
        "version":"0.1.0","started_at":"2026-11-21T10:34:41.306742Z","last_seen_age_seconds":4,\
        "memory_bytes":31436800,"figures":{"providers":2,"requests_in_flight":3}}],"spool":null,\
        "alarms":[{"provider":"infobip","country":"FR","kind":"failures",\
        "since":"2026-11-21T10:20:00.000Z","last_seen_at":"2026-11-21T10:34:00.000Z",\
        "sentence":"62% delivered in the last hour, usually 97%"}],\
        "webhooks":{"active":3,"paused":0,"disabled":0,"failing":1,"waiting":12,\
        "waiting_is_least":false,"oldest_due_seconds":4}}
        """
}
