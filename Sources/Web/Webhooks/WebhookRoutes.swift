import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listWebhooks = RouteDescription(
        "GET", "/v1/webhooks", "listWebhooks", .webhooks, "All webhooks, the latest first",
        answers: [
            Answer(
                .ok, "All of them.",
                .json(
                    .object(["webhooks": .array(.component("Webhook"))]),
                    example: "{\"webhooks\":[\(webhookExample)]}"))
        ])

    static let createWebhook = RouteDescription(
        "POST", "/v1/webhooks", "createWebhook", .webhooks, "Make a webhook",
        details: """
            The secret is shown this once: `whsec_` and 32 bytes in base64, or with `"signing":"v1a"` the \
            public key, `whpk_…`.
            """,
        body: Body(
            .object(
                Self.draftMembers, optional: Self.optionalMembers
            ).with(optional: "signing", Schema.word(["v1", "v1a"]).orNull),
            example: #"""
                {"url":"https://example.com/sms","events":["message.status_changed"],\#
                "final_only":true}
                """#, limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .created, "The webhook and its secret.",
                .json(
                    .object(["webhook": .component("Webhook"), "secret": .text()]),
                    example: """
                        {"webhook":\(webhookExample),\
                        "secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}
                        """)),
            .problem(.conflict, "too_many_webhooks"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    static let showWebhook = RouteDescription(
        "GET", "/v1/webhooks/{id}", "showWebhook", .webhooks, "A webhook",
        answers: [shownWebhook, .problem(.notFound, "unknown_webhook")])

    static let changeWebhook = RouteDescription(
        "PATCH", "/v1/webhooks/{id}", "changeWebhook", .webhooks, "Change a webhook",
        details: "A member that is null takes a filter or the rate back.",
        body: Body(
            .object(
                Self.draftMembers, optional: Self.optionalMembers.union(["url", "events"])),
            example: #"{"final_only":false,"rate":null}"#, limit: BodyReader.byteLimit),
        answers: [
            shownWebhook, .problem(.notFound, "unknown_webhook"),
            .problem(.conflict, "webhook_changed"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    static let deleteWebhook = RouteDescription(
        "DELETE", "/v1/webhooks/{id}", "deleteWebhook", .webhooks, "Delete a webhook",
        details: "What waits for it is not sent any more.",
        answers: [
            Answer(.noContent, "It is deleted."), .problem(.notFound, "unknown_webhook"),
        ])

    static let rotateWebhook = RouteDescription(
        "POST", "/v1/webhooks/{id}/rotate", "rotateWebhook", .webhooks, "Make a new secret",
        details: """
            Until the earlier secrets end, each attempt is signed with all of them. `overlap_seconds` is \
            a day unless given.
            """,
        body: Body(
            .object(
                [
                    "overlap_seconds": Schema.integer(WebhookEndpoints.overlaps).orNull,
                    "signing": Schema.word(["v1", "v1a"]).orNull,
                ], optional: ["overlap_seconds", "signing"]),
            example: #"{"overlap_seconds":3600}"#, limit: BodyReader.byteLimit, isOptional: true),
        answers: [
            Answer(
                .ok, "The new secret, shown this once.",
                .json(
                    .object(["secret": .text(), "earlier_secrets_end_at": .time]),
                    example: """
                        {"secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",\
                        "earlier_secrets_end_at":"2026-11-21T15:30:06.000Z"}
                        """)),
            .problem(.notFound, "unknown_webhook"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    static let pauseWebhook = RouteDescription(
        "POST", "/v1/webhooks/{id}/pause", "pauseWebhook", .webhooks,
        "Send nothing until it is resumed",
        details: "What happens meanwhile waits.",
        answers: [
            shownWebhook, .problem(.notFound, "unknown_webhook"),
            .problem(.conflict, "wrong_webhook_state"),
        ])

    static let resumeWebhook = RouteDescription(
        "POST", "/v1/webhooks/{id}/resume", "resumeWebhook", .webhooks,
        "Send again what waits for a paused or disabled webhook",
        answers: [
            shownWebhook, .problem(.notFound, "unknown_webhook"),
            .problem(.conflict, "wrong_webhook_state"),
        ])

    static let testWebhook = RouteDescription(
        "POST", "/v1/webhooks/{id}/test", "testWebhook", .webhooks, "Send a test event",
        details: """
            An event `webhook.test` goes the way of all events, with the same checks, signatures and \
            retries. `GET /v1/webhook-deliveries/{number}` tells what became of it.
            """,
        answers: [
            Answer(
                .accepted, "It is queued.",
                .json(
                    .object(["delivery": .integer]), example: #"{"delivery":4711}"#)),
            .problem(.notFound, "unknown_webhook"),
            .problem(.unprocessableContent, "address_refused"),
        ])

    private static let shownWebhook = Answer(
        .ok, "The webhook.", .json(.component("Webhook"), example: webhookExample))

    private static let optionalMembers: Set<String> = [
        "description", "statuses", "final_only", "providers", "countries", "submitters",
        "send_requests", "metadata", "rate", "concurrency", "headers", "numbers",
    ]

    private static var draftMembers: KeyValuePairs<String, Schema> {
        let list = 0...WebhookFilter.listLimit
        return [
            "url": Schema.text(1...WebhookURL.limit),
            "events": .array(
                .word(WebhookEventType.subscribable.map(\.rawValue)), 1...WebhookFilter.listLimit),
            "description": Schema.text(0...WebhookDraft.descriptionLimit).orNull,
            "statuses": Schema.array(.component("Status"), list).orNull,
            "final_only": Schema.flag.orNull,
            "providers": Schema.array(.component("ProviderName"), list).orNull,
            "countries": Schema.array(.text(pattern: "^[A-Z]{2}$"), list).orNull,
            "submitters": Schema.array(.uuid, list).orNull,
            "send_requests": Schema.array(.uuid, list).orNull,
            "metadata": Schema.anyObject.orNull,
            "rate": Schema.integer(WebhookDraft.rates).orNull,
            "concurrency": Schema.integer(WebhookDraft.concurrencies).orNull,
            "headers": Schema.map(of: .text()).orNull,
            "numbers": Schema.flag.orNull,
        ]
    }

    private static let webhookExample = #"""
        {"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","url":"https://example.com/sms",\#
        "description":"","state":"active","for_messages":false,\#
        "events":["message.status_changed"],"statuses":null,"final_only":true,"providers":null,\#
        "countries":null,"submitters":null,"send_requests":null,"metadata":null,"rate":null,\#
        "concurrency":8,"headers":{},"numbers":false,"created_at":"2026-11-20T15:30:06.000Z",\#
        "updated_at":"2026-11-20T15:30:06.000Z","waiting":0,"waiting_is_least":false,\#
        "succeeded_at":null,"failed_at":null,"failing_since":null,"failure":null,\#
        "disabled_at":null,"disabled_reason":null}
        """#
}
