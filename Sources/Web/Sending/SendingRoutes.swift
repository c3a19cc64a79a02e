import FastCGI
import JSON

extension RouteDescription {
    static let send = RouteDescription(
        "POST", "/v1/messages", "sendMessages", .sending,
        "Queue a text for one or more recipients",
        details: "Answered after the commit: what is answered 200 or 202 is queued.",
        parameters: [
            Parameter(
                "wait",
                .other(
                    .thousandths(0...10), takes: "seconds from 0 to 10, as in 10 or 2.5",
                    accepts: { SendEndpoint.wait($0) != nil }),
                "How long to wait for the providers' answers.", example: "2.5"),
            Parameter(
                "provider",
                .other(
                    .component("ProviderName"), takes: "a provider's name",
                    accepts: { $0.utf8.count <= 100 }),
                "As the member of the body.", example: "plivo"),
            Parameter(
                "correlation_id", .flag,
                "Whether the answer has its ticket once more as `correlationId`.", example: "true"),
        ],
        headers: [
            Parameter(
                "Idempotency-Key", .text(1...255),
                "A repeated request with the same key gets the first one's answer for 24 hours.",
                example: "order-1001")
        ],
        body: Body(
            .component("SendRequest"),
            example: #"{"to":"+447700900123","text":"Your order is on its way.","from":"Shop"}"#,
            limit: SendEndpoint.bodyLimit),
        answers: [
            Answer(
                .ok, "Every provider asked has answered, within the time of `wait`.",
                .json(.component("SendAnswer"), example: answer(status: "accepted"))),
            Answer(
                .accepted, "The messages are queued.",
                .json(.component("SendAnswer"), example: answer(status: "queued"))),
            .problem(.conflict, "idempotency_key_reused"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_message", "opted_out"),
        ])

    static let cancel = RouteDescription(
        "DELETE", "/v1/messages/{id}", "cancelMessage", .sending,
        "Cancel a message that no dispatcher has taken",
        details: "Repeating it is harmless.",
        answers: [
            Answer(
                .ok, "The message, cancelled.",
                .json(.component("Message"), example: messageExample)),
            .problem(.notFound, "unknown_message"),
            .problem(.conflict, "too_late", "not_ours"),
        ])

    private static func answer(status: String) -> String {
        """
        {"messages":[{"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","ticket":"wbt_AQ","to":"+447700900123",\
        "status":"\(status)","provider":"infobip","segments":1}],"encoding":"gsm-7",\
        "segments":1,"send_request_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10","send_at":null,\
        "ticket":"wbt_AQ"}
        """
    }
}
