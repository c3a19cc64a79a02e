import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listDeliveries = RouteDescription(
        "GET", "/v1/webhook-deliveries", "listWebhookDeliveries", .webhooks,
        "Events for webhooks and what became of them, the latest first",
        details: """
            `state=never_delivered` finds those that were given up. `count` is how many the filters find, \
            up to 10,000.
            """,
        parameters: deliveryFilters + [
            Parameter(
                "limit", .integer(DeliveryEndpoints.limits),
                "How many at most; \(DeliveryEndpoints.usualLimit) unless given.", example: "50"),
            Parameter(
                "cursor", .text(1...1000), "The `next` of an answer to the same query.",
                example: "AAAA"),
        ],
        answers: [
            Answer(
                .ok, "A page.",
                .json(
                    .object([
                        "deliveries": .array(
                            .component("WebhookDelivery"),
                            0...DeliveryEndpoints.limits.upperBound),
                        "count": count, "count_is_least": .flag, "next": Schema.text().orNull,
                    ]),
                    example: """
                        {"deliveries":[{\(deliveryExample)}],"count":1,"count_is_least":false,\
                        "next":null}
                        """))
        ])

    static let showDelivery = RouteDescription(
        "GET", "/v1/webhook-deliveries/{number}", "showWebhookDelivery", .webhooks,
        "A delivery with its attempts",
        details: """
            `answer` is the beginning of what the receiver answered, for operators; null for others.
            """,
        answers: [shownDelivery, .problem(.notFound, "unknown_delivery")])

    static let resendDelivery = RouteDescription(
        "POST", "/v1/webhook-deliveries/{number}/resend", "resendWebhookDelivery", .webhooks,
        "Send an event again",
        details: """
            Whatever became of it. `webhook-id` stays, so that a receiver can see that it has it already.
            """,
        answers: [shownDelivery, .problem(.notFound, "unknown_delivery")])

    static let resendDeliveries = RouteDescription(
        "POST", "/v1/webhook-deliveries/resend", "resendWebhookDeliveries", .webhooks,
        "Send all events again that a filter finds",
        details: """
            The filters are those of the list; none finds all. A call queues up to 1,000, the earliest \
            first, and says how many are `left`: repeat it with the answer's `until` and `after` until \
            none is.
            """,
        body: Body(
            .object(
                [
                    "webhook_id": Schema.uuid.orNull,
                    "state": Schema.word(DeliveryRecord.State.allCases.map(\.name)).orNull,
                    "event": Schema.word(WebhookEventType.allCases.map(\.rawValue)).orNull,
                    "message_id": Schema.uuid.orNull, "since": Schema.time.orNull,
                    "until": Schema.time.orNull,
                    "ids": Schema.array(
                        .integer(1...Int(Int64.max)), 1...DeliveryEndpoints.numberLimit
                    ).orNull,
                    "after": Schema.integer(1...Int(Int64.max)).orNull,
                ],
                optional: [
                    "webhook_id", "state", "event", "message_id", "since", "until", "ids",
                    "after",
                ]),
            example: #"{"state":"never_delivered"}"#, limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .ok, "How many are queued, and how many are left.",
                .json(
                    .object([
                        "queued": count, "left": count, "left_is_least": .flag, "until": .time,
                        "after": .integer,
                    ]),
                    example: """
                        {"queued":12,"left":0,"left_is_least":false,\
                        "until":"2026-11-20T15:30:06.000Z","after":4711}
                        """)),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    /// What deliveries are looked for by.
    static let deliveryFilters: [Parameter] = [
        Parameter(
            "webhook_id", .uuid, "Those for this webhook.",
            example: "01a1fe3e-56fc-7b8e-b8d5-90733bb58452"),
        Parameter(
            "state", .word(DeliveryRecord.State.allCases.map(\.name)), "What became of them.",
            example: "never_delivered"),
        Parameter(
            "event", .word(WebhookEventType.allCases.map(\.rawValue)), "The type of the event.",
            example: "message.status_changed"),
        Parameter(
            "message_id", .uuid, "Those about this message.",
            example: "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"),
        Parameter("since", .time, "Not before then.", example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Before then.", example: "2026-11-21T00:00:00Z"),
    ]

    private static let shownDelivery = Answer(
        .ok, "The delivery.",
        .json(
            .component("WebhookDeliveryWithLog"),
            example: #"""
                {\#(deliveryExample),"log":[{"attempt":1,"at":"2026-11-20T15:30:06.010Z",\#
                "duration_ms":42,"status":200,"problem":null,"answer":"OK"}]}
                """#))

    private static let count = Schema.integer(0...Int(Int32.max))

    private static let deliveryExample = #"""
        "id":4711,"webhook_id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452",\#
        "event_id":"3f0bd976-f3b2-4fe5-a681-46091d1128b0","event":"message.status_changed",\#
        "at":"2026-11-20T15:30:06.000Z","state":"delivered","next_at":null,"attempts":1,\#
        "last_attempt_at":"2026-11-20T15:30:06.010Z","last_status":200,\#
        "message_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10","message_status":"delivered"
        """#
}
