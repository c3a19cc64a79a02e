import Domain
import JSON

/// Webhooks and their deliveries.
extension OpenAPIComponents {
    static let webhookSchemas: [(name: String, schema: Schema)] = [
        ("Webhook", webhook), ("WebhookDelivery", .object(delivery)),
        (
            "WebhookDeliveryWithLog",
            Schema.object(delivery).with(["log": .array(attempt)])
        ),
    ]

    private static let webhook = Schema.object([
        "id": .uuid, "url": .text(), "description": .text(),
        "state": .word([Webhook.State.active, .paused, .disabled].map(\.name)),
        "for_messages": .flag,
        "events": .array(.word(WebhookEventType.subscribable.map(\.rawValue))),
        "statuses": Schema.array(.component("Status")).orNull, "final_only": .flag,
        "providers": Schema.array(.text()).orNull, "countries": Schema.array(.text()).orNull,
        "submitters": Schema.array(.uuid).orNull, "send_requests": Schema.array(.uuid).orNull,
        "metadata": Schema.anyObject.orNull, "rate": Schema.integer.orNull,
        "concurrency": .integer, "headers": .map(of: Schema.text().orNull), "numbers": .flag,
        "created_at": .time, "updated_at": .time, "waiting": .integer,
        "waiting_is_least": .flag, "succeeded_at": Schema.time.orNull,
        "failed_at": Schema.time.orNull, "failing_since": Schema.time.orNull,
        "failure": Schema.text().orNull, "disabled_at": Schema.time.orNull,
        "disabled_reason": Schema.text().orNull,
    ])

    private static var delivery: KeyValuePairs<String, Schema> {
        [
            "id": .integer, "webhook_id": .uuid, "event_id": .uuid,
            "event": .word(WebhookEventType.allCases.map(\.rawValue)), "at": .time,
            "state": .word(DeliveryRecord.State.allCases.map(\.name)),
            "next_at": Schema.time.orNull, "attempts": .integer,
            "last_attempt_at": Schema.time.orNull, "last_status": Schema.integer.orNull,
            "message_id": Schema.uuid.orNull, "message_status": Schema.component("Status").orNull,
        ]
    }

    private static let attempt = Schema.object([
        "attempt": .integer, "at": .time, "duration_ms": .integer,
        "status": Schema.integer.orNull, "problem": Schema.text().orNull,
        "answer": Schema.text().orNull,
    ])
}
