import Domain
import JSON

/// Webhooks and deliveries as clients see them. No secret is in them but in the answer that makes one.
enum WebhookView {
    /// A webhook. Values of headers and queries of URLs may give access elsewhere: only who sees
    /// details gets them.
    static func webhook(
        _ webhook: Webhook, _ waiting: BoundedCount, _ seesDetails: Bool,
        in json: inout JSONWriter
    ) {
        let draft = webhook.draft
        json.member("id", webhook.id.description)
        json.member("url", seesDetails ? draft.url : withoutQuery(draft.url))
        json.member("description", draft.description)
        json.member("state", webhook.state.name)
        json.member("for_messages", webhook.origin == .ofMessages)
        json.array("events") { json in for event in draft.events { json.string(event.rawValue) } }
        words("statuses", draft.filter.statuses?.map(\.rawValue), in: &json)
        json.member("final_only", draft.filter.isFinalOnly)
        words("providers", draft.filter.providers?.map(\.name), in: &json)
        words("countries", draft.filter.countries, in: &json)
        words("submitters", draft.filter.submitters?.map(\.description), in: &json)
        words("send_requests", draft.filter.sendRequests?.map(\.description), in: &json)
        json.key("metadata")
        if let metadata = draft.filter.metadata { json.raw(metadata) } else { json.null() }
        json.member("rate", draft.rate)
        json.member("concurrency", draft.concurrency)
        json.object("headers") { json in
            for (name, value) in draft.headers.sorted(by: { $0.key < $1.key }) {
                json.member(name, seesDetails ? value : nil)
            }
        }
        json.member("numbers", draft.hasNumbers)
        json.member("created_at", webhook.createdAt.description)
        json.member("updated_at", webhook.updatedAt.description)
        json.member("waiting", waiting.count)
        json.member("waiting_is_least", waiting.isBound)
        json.member("succeeded_at", webhook.health.succeededAt?.description)
        json.member("failed_at", webhook.health.failedAt?.description)
        json.member("failing_since", webhook.health.failingSince?.description)
        json.member("failure", webhook.health.failure)
        json.member("disabled_at", webhook.disabledAt?.description)
        json.member("disabled_reason", webhook.disabledReason)
    }

    static func delivery(_ record: DeliveryRecord, in json: inout JSONWriter) {
        json.member("id", record.number)
        json.member("webhook_id", record.webhook.description)
        json.member("event_id", record.event.description)
        json.member("event", record.type.rawValue)
        json.member("at", record.occurredAt.description)
        json.member("state", record.state.name)
        json.member("next_at", record.state == .waiting ? record.dueAt.description : nil)
        json.member("attempts", record.attempts)
        json.member("last_attempt_at", record.attemptedAt?.description)
        json.member("last_status", record.answer)
        json.member("message_id", record.message?.description)
        json.member("message_status", record.status?.rawValue)
    }

    static func attempt(
        _ attempt: DeliveryAttempt, _ seesDetails: Bool, in json: inout JSONWriter
    ) {
        json.member("attempt", attempt.number)
        json.member("at", attempt.at.description)
        json.member("duration_ms", attempt.milliseconds)
        json.member("status", attempt.status)
        json.member("problem", attempt.problem)
        json.member("answer", seesDetails ? attempt.answer : nil)
    }

    private static func words(_ name: String, _ list: [String]?, in json: inout JSONWriter) {
        json.key(name)
        guard let list else { return json.null() }
        json.array { json in for word in list { json.string(word) } }
    }

    private static func withoutQuery(_ url: String) -> String {
        guard let start = url.firstIndex(of: "?") else { return url }
        return String(url[..<start]) + "?…"
    }
}
