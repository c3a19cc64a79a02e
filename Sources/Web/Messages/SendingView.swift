import Domain
import JSON

/// The state of sending through one provider as JSON.
enum SendingView {
    static func describe(_ state: SendingState, at now: Timestamp, in json: inout JSONWriter) {
        let stop = state.presence.stop
        json.beginObject()
        json.member("state", word(state.presence, at: now))
        json.member("stopped_since", stop?.since.description)
        json.key("reason")
        if let problem = stop?.problem.redacted {
            json.beginObject()
            json.member("code", problem.code)
            json.member("detail", problem.text)
            json.endObject()
        } else {
            json.null()
        }
        json.member("retry_at", stop?.retryAt.description)
        json.member("last_seen_age_seconds", age(state.presence.seenAt, at: now))
        json.member("queued", state.ready)
        json.member("leased", state.leased)
        json.member("unsure", state.unsure)
        json.member("awaiting_report", state.awaitingReport)
        json.member("oldest_due_age_seconds", age(state.oldestDueAt, at: now))
        json.key("counts")
        json.beginObject()
        let counts = state.counts
        json.member("requests", counts.requests)
        json.member("accepted", counts.accepted)
        json.member("refused", counts.refused)
        json.member("deferred", counts.deferred)
        json.member("unanswered", counts.unanswered)
        json.member("dead_letters", counts.deadLetters)
        json.member("look_ups", counts.lookUps)
        json.member("recovered", counts.recovered)
        json.member("put_back", counts.putBack)
        json.endObject()
        json.endObject()
    }

    /// A stop comes first, because starting a dispatcher would not end it.
    private static func word(_ presence: ProviderPresence, at now: Timestamp) -> String {
        if presence.stop != nil { return "stopped" }
        return presence.isServed(at: now) ? "running" : "no_dispatcher"
    }

    private static func age(_ time: Timestamp?, at now: Timestamp) -> Int64? {
        time.map { max(0, now.since($0).components.seconds) }
    }
}
