package import Domain
import FastCGI
import JSON

/// `GET /v1/status`: an overview of the whole service for its administrator.
package struct StatusEndpoint: Sendable {
    private let version: String
    private let startedAt: Timestamp
    private let database: any DatabaseProbe
    private let writer: any WriterProbe
    private let spool: (any SpoolProbe)?
    private let callbacks: [(traits: ProviderTraits, statistics: CallbackStatistics)]
    private let sending: any SendingProbe
    private let live: any LiveProbe
    private let processes: any ProcessProbe
    private let alarms: (any AlarmProbe)?
    private let webhooks: (any WebhookProbe)?

    package init(
        version: String, startedAt: Timestamp, database: any DatabaseProbe,
        writer: any WriterProbe, spool: (any SpoolProbe)? = nil,
        callbacks: [(traits: ProviderTraits, statistics: CallbackStatistics)],
        sending: any SendingProbe, live: any LiveProbe, processes: any ProcessProbe,
        alarms: (any AlarmProbe)? = nil,
        webhooks: (any WebhookProbe)? = nil
    ) {
        self.version = version
        self.startedAt = startedAt
        self.database = database
        self.writer = writer
        self.spool = spool
        self.callbacks = callbacks
        self.sending = sending
        self.live = live
        self.processes = processes
        self.alarms = alarms
        self.webhooks = webhooks
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.status, goesByMemory: true) { _, _ in .json(body: document(at: .now)) }
        ]
    }

    /// The document as of a moment. Counts are this process's, since it started.
    func document(at now: Timestamp) -> [UInt8] {
        let database = database.databaseState()
        let writer = writer.writerState()
        let spool = spool?.spoolState()
        // While the spool takes them, no report waits at a provider.
        let awaySince = spool?.accepts == true ? nil : writer.awaySince
        var json = JSONWriter()
        json.beginObject()
        json.member("version", version)
        json.member("started_at", startedAt.description)
        json.member("uptime_seconds", now.since(startedAt).components.seconds)
        json.key("database")
        json.beginObject()
        json.member("reachable", database.latency != nil)
        json.member("latency_ms", milliseconds: database.latency)
        json.member("migration", database.migration)
        json.member("expected_migration", database.expectedMigration)
        json.member("problem", database.problem)
        json.member("away_since", writer.awaySince?.description)
        json.member("synchronous_commit", database.durability?.synchronousCommit)
        json.member("synchronous_standby_names", database.durability?.synchronousStandbyNames)
        json.member("timeline", database.durability?.timeline)
        json.member("warning", database.durability?.warning)
        json.endObject()
        json.key("writer")
        json.beginObject()
        json.member("queued_reports", writer.queuedReports)
        json.member("capacity_reports", writer.capacity)
        json.key("commit_ms")
        json.beginObject()
        json.member("p50", milliseconds: writer.commitP50)
        json.member("p99", milliseconds: writer.commitP99)
        json.endObject()
        json.endObject()
        json.key("providers")
        json.beginObject()
        for (traits, statistics) in callbacks {
            json.key(traits.provider.name)
            describe(
                statistics.snapshot(at: now), of: traits, awaySince: awaySince, at: now,
                in: &json)
        }
        json.endObject()
        describeSending(isDatabaseThere: database.latency != nil, at: now, in: &json)
        describe(live.liveState, in: &json)
        SpoolView.describe(spool, at: now, in: &json)
        describeProcesses(isDatabaseThere: database.latency != nil, in: &json)
        AlarmView.describe(alarms?.alarms ?? [], in: &json)
        describeWebhooks(isDatabaseThere: database.latency != nil, in: &json)
        json.endObject()
        return json.bytes
    }

    private func describe(_ live: LiveState, in json: inout JSONWriter) {
        json.object("live") { json in
            json.member("streams", live.streams)
            json.member("limit", live.limit)
            json.member("events_sent", live.sent)
            json.member("dropped", live.dropped)
            json.member("resets", live.resets)
            json.key("lag_seconds")
            json.number(live.lag / .seconds(1))
        }
    }

    /// `sending` is null if its state cannot be read, and `sending_problem` says why.
    private func describeSending(
        isDatabaseThere: Bool, at now: Timestamp, in json: inout JSONWriter
    ) {
        var states: [SendingState]?
        var problem: String?
        // Another round trip only if the last one came back, so that the answer comes soon.
        if isDatabaseThere {
            do throws(StoreFailure) {
                states = try sending.sendingStates()
            } catch {
                problem = "the look at sending failed: \(error)"
            }
        } else {
            problem = "the database does not answer"
        }
        json.key("sending")
        if let states {
            json.beginObject()
            for state in states {
                json.key(state.provider.name)
                SendingView.describe(state, at: now, in: &json)
            }
            json.endObject()
        } else {
            json.null()
        }
        json.member("sending_problem", problem)
    }

    /// `processes` is null if they cannot be read, for the reason that `sending_problem` gives.
    private func describeProcesses(isDatabaseThere: Bool, in json: inout JSONWriter) {
        json.key("processes")
        guard isDatabaseThere, let seen = try? processes.processes() else { return json.null() }
        json.beginArray()
        for one in seen {
            json.object { json in
                json.member("id", one.process.id.description)
                json.member("kind", one.process.kind.rawValue)
                json.member("host", one.process.host)
                json.member("pid", one.process.pid)
                json.member("version", one.process.version)
                json.member("started_at", one.process.startedAt.description)
                json.member("last_seen_age_seconds", one.silence.components.seconds)
                json.member("memory_bytes", one.memoryBytes)
                json.key("figures")
                json.raw(one.figures)
            }
        }
        json.endArray()
    }

    /// Null if they cannot be read.
    private func describeWebhooks(isDatabaseThere: Bool, in json: inout JSONWriter) {
        json.key("webhooks")
        guard isDatabaseThere, let states = try? webhooks?.webhookStates() else {
            return json.null()
        }
        json.object { json in
            json.member("active", states.active)
            json.member("paused", states.paused)
            json.member("disabled", states.disabled)
            json.member("failing", states.failing)
            json.member("waiting", states.waiting.count)
            json.member("waiting_is_least", states.waiting.isBound)
            json.member("oldest_due_seconds", states.oldestDue?.components.seconds)
        }
    }

    private func describe(
        _ snapshot: CallbackStatistics.Snapshot, of traits: ProviderTraits, awaySince: Timestamp?,
        at now: Timestamp, in json: inout JSONWriter
    ) {
        json.beginObject()
        for (name, accepted, refused) in [
            ("callbacks", snapshot.callbacksAccepted, snapshot.callbacksRefused),
            ("reports", snapshot.reportsAccepted, snapshot.reportsRefused),
        ] {
            json.key(name)
            json.beginObject()
            windows("accepted", accepted, in: &json)
            windows("refused", refused, in: &json)
            json.endObject()
        }
        for (name, time) in [
            ("last_callback_age_seconds", snapshot.lastCallbackAt),
            ("last_request_age_seconds", snapshot.lastRequestAt),
        ] {
            json.member(name, time.map { max(0, now.since($0).components.seconds) })
        }
        json.member("last_verified_by", snapshot.lastVerification?.description)
        json.member("refusing_since", snapshot.refusingSince?.description)
        json.member(
            "minutes_until_provider_gives_up",
            Self.minutesLeft(
                traits, refusingSince: snapshot.refusingSince, awaySince: awaySince, at: now))
        json.endObject()
    }

    private func windows(
        _ name: String, _ windows: CallbackStatistics.Windows, in json: inout JSONWriter
    ) {
        json.key(name)
        json.beginObject()
        json.member("last_minute", windows.lastMinute)
        json.member("last_hour", windows.lastHour)
        json.member("last_day", windows.lastDay)
        json.endObject()
    }

    /// Whole minutes until the provider drops the first report that it could not deliver; nil
    /// while nothing is being refused.
    static func minutesLeft(
        _ traits: ProviderTraits, refusingSince: Timestamp?, awaySince: Timestamp?,
        at now: Timestamp
    ) -> Int64? {
        // While the database is unreachable, reports may be waiting at the provider.
        guard let since = [refusingSince, awaySince].compactMap({ $0 }).min() else { return nil }
        let left = traits.retryHorizon - now.since(since)
        return max(0, left.components.seconds / 60)
    }
}
