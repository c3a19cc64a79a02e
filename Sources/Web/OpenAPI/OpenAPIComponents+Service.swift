import Domain
import JSON

/// The state of the service.
extension OpenAPIComponents {
    static let serviceSchemas: [(name: String, schema: Schema)] = [
        ("Readiness", readiness),
        ("ServiceStatus", status),
    ]

    private static let count = Schema.integer(0...Int(Int64.max))
    private static let milliseconds = Schema.number.orNull

    private static let readiness = Schema.object([
        "status": .word(["ready", "not_ready"]), "reason": Schema.text().orNull,
        "database_latency_ms": milliseconds, "migration": count.orNull,
        "expected_migration": count, "spool": spool.orNull,
    ])

    private static let spool = Schema.object([
        "mode": .word(["fallback", "always"]), "accepts": .flag, "problem": Schema.text().orNull,
        "bytes": count, "limit_bytes": count, "callbacks": count, "file_bytes": count,
        "oldest_age_seconds": count.orNull, "drained_per_second": .number,
        "set_aside_files": count,
    ])

    private static let windows = Schema.object([
        "last_minute": count, "last_hour": count, "last_day": count,
    ])

    private static let received = Schema.object(["accepted": windows, "refused": windows])

    private static let receiving = Schema.object([
        "callbacks": received, "reports": received,
        "last_callback_age_seconds": count.orNull, "last_request_age_seconds": count.orNull,
        "last_verified_by": Schema.text().orNull, "refusing_since": Schema.time.orNull,
        "minutes_until_provider_gives_up": count.orNull,
    ])

    private static let sending = Schema.object([
        "state": .word(["running", "stopped", "no_dispatcher"]),
        "stopped_since": Schema.time.orNull,
        "reason": Schema.object(["code": .text(), "detail": .text()]).orNull,
        "retry_at": Schema.time.orNull, "last_seen_age_seconds": count.orNull, "queued": count,
        "leased": count, "unsure": count, "awaiting_report": count,
        "oldest_due_age_seconds": count.orNull,
        "counts": .object([
            "requests": count, "accepted": count, "refused": count, "deferred": count,
            "unanswered": count, "dead_letters": count, "look_ups": count, "recovered": count,
            "put_back": count,
        ]),
    ])

    private static let process = Schema.object([
        "id": .uuid, "kind": .word(["responder", "dispatcher", "deliverer"]), "host": .text(),
        "pid": count,
        "version": .text(), "started_at": .time, "last_seen_age_seconds": count,
        "memory_bytes": count.orNull, "figures": .map(of: count),
    ])

    private static let alarm = Schema.object([
        "provider": .text(), "country": Schema.text().orNull,
        "kind": .word(DriftKind.allCases.map(\.rawValue)), "since": .time, "last_seen_at": .time,
        "sentence": .text(),
    ])

    private static let status = Schema.object([
        "version": .text(), "started_at": .time, "uptime_seconds": count,
        "database": .object([
            "reachable": .flag, "latency_ms": milliseconds, "migration": count.orNull,
            "expected_migration": count, "problem": Schema.text().orNull,
            "away_since": Schema.time.orNull, "synchronous_commit": Schema.text().orNull,
            "synchronous_standby_names": Schema.text().orNull, "timeline": count.orNull,
            "warning": Schema.text().orNull,
        ]),
        "writer": .object([
            "queued_reports": count, "capacity_reports": count,
            "commit_ms": .object(["p50": milliseconds, "p99": milliseconds]),
        ]),
        "providers": .map(of: receiving), "sending": Schema.map(of: sending).orNull,
        "sending_problem": Schema.text().orNull,
        "live": .object([
            "streams": count, "limit": count, "events_sent": count, "dropped": count,
            "resets": count, "lag_seconds": .number,
        ]),
        "processes": Schema.array(process, 0...100).orNull,
        "webhooks": Schema.object([
            "active": count, "paused": count, "disabled": count, "failing": count,
            "waiting": count, "waiting_is_least": .flag,
            "oldest_due_seconds": Schema.integer.orNull,
        ]).orNull,
        "spool": spool.orNull, "alarms": Schema.array(alarm, 0...500),
    ])
}
