import Domain
import JSON

/// Messages, their reports, and send requests.
extension OpenAPIComponents {
    static let messageSchemas: [(name: String, schema: Schema)] = [
        ("Message", message),
        ("MessageWithTimeline", messageWithTimeline),
        ("MessagePage", messagePage),
        ("Reports", reports),
        ("SendRequest", sendRequest),
        ("SendAnswer", sendAnswer),
        ("Status", status),
        ("ProviderStatus", providerStatus),
        ("Error", error),
        ("Price", price),
        ("Report", report),
        ("Event", event),
    ]

    private static let status = Schema.word(Status.allCases.map(\.rawValue))
    private static let count = Schema.integer(0...Int(Int32.max))
    private static let identifier = Schema.integer(Int(Int32.min)...Int(Int32.max))
    /// Kept and shown as the provider, or the caller, wrote it.
    private static let anyObject = Schema(.members([("type", .string("object"))]))

    private static let providerStatus = Schema.object([
        "group_id": identifier.orNull, "group": Schema.text().orNull,
        "id": identifier.orNull, "name": Schema.text().orNull,
        "description": Schema.text().orNull,
    ]).described("The provider's own status.")

    private static let error = Schema.object([
        "code": Schema.text().orNull, "group_id": identifier.orNull,
        "group": Schema.text().orNull, "name": Schema.text().orNull,
        "description": Schema.text().orNull,
        "permanent": Schema.flag.orNull.described("Whether trying again would be in vain."),
    ])

    private static let price = Schema.object([
        "amount": .text(pattern: #"^[0-9]+(\.[0-9]+)?$"#), "currency": Schema.text().orNull,
    ])

    private static let message = Schema.object(
        [
            "id": .uuid, "provider": .text(), "provider_message_id": Schema.text().orNull,
            "status": .component("Status"), "final": .flag, "sent_by_us": .flag,
            "to": Schema.text().orNull, "from": Schema.text().orNull,
            "country": Schema.text().orNull, "created_at": .time, "updated_at": .time,
            "provider_status": .component("ProviderStatus"),
            "error": Schema.component("Error").orNull,
            "sent_at": Schema.time.orNull, "done_at": Schema.time.orNull,
            "segments": count.orNull,
            "price": Schema.component("Price").orNull,
            "bulk_id": Schema.text().orNull, "callback_data": Schema.text().orNull,
            "network": Schema.text().orNull, "attributes": anyObject.orNull,
            "parts": Schema.object([
                "total": count, "delivered": count, "failed": count, "pending": count,
            ]).orNull,
            "send_request_id": .uuid,
            "submitted_by": Schema.object([
                "kind": .word(PrincipalID.Kind.allCases.map(\.rawValue)), "id": .uuid,
                "name": .text(),
            ]).orNull,
            "encoding": .text(), "attempts": count, "validity_minutes": count.orNull,
            "send_at": Schema.time.orNull, "metadata": anyObject.orNull,
        ],
        optional: [
            "provider_status", "error", "sent_at", "done_at", "segments", "price", "bulk_id",
            "callback_data", "network", "attributes", "send_request_id", "submitted_by",
            "encoding", "attempts", "validity_minutes", "send_at", "metadata",
        ]
    ).described("A message and what decides its status.")

    private static let messageWithTimeline = message.with([
        "text": Schema.text().orNull.described("Null for roles that see no texts."),
        "timeline": .array(
            .any(of: [
                report.with(["type": .word(["report"]), "at": .time]),
                event.with(["type": .word(["event"]), "why": .text()]),
            ]), 0...2000),
    ]).described("A message, with its text and all that became of it in the order of time.")

    private static let messagePage = Schema.object([
        "messages": .array(.component("Message"), 0...200),
        "next": Schema.text().orNull.described(
            "The cursor of the next page; null if there is none."),
        "searched_back_to": Schema.time.orNull.described(
            "How far back was looked, where the time was over before the page was full."),
    ])

    private static let report = Schema.object([
        "status": .component("Status"), "final": .flag, "won": .flag, "rule": .text(),
        "why": .text(), "source": .text(), "received_at": .time, "callback_id": .uuid,
        "provider_status": .component("ProviderStatus"), "error": .component("Error"),
        "sent_at": Schema.time.orNull, "done_at": Schema.time.orNull, "segments": count.orNull,
        "price": Schema.component("Price").orNull, "bulk_id": Schema.text().orNull,
        "callback_data": Schema.text().orNull, "network": Schema.text().orNull,
        "attributes": anyObject.orNull, "part": count.orNull, "parts": count.orNull,
    ])

    private static let event = Schema.object([
        "kind": .text(), "at": .time, "provider": Schema.text().orNull, "attempt": count.orNull,
        "status": Schema.component("Status").orNull, "code": Schema.text().orNull,
        "detail": Schema.text().orNull,
    ])

    private static let reports = Schema.object([
        "message_id": .uuid, "status": .component("Status"), "final": .flag,
        "reports": .array(.component("Report"), 0...1000),
        "events": .array(.component("Event"), 0...1000),
    ])

    /// What is not of this form may be a number all the same: blanks and the like are ignored.
    private static let number = Schema.text(pattern: numberPattern)

    /// Every match is a number that is taken: a country code of one, two or three digits without a
    /// national 0 behind it, unless it belongs to the number there (see `CountryCode`). A test
    /// compares the two.
    static let numberPattern =
        #"^\+(?:[17][1-9][0-9]{5,12}"#
        + "|(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])[1-9][0-9]{4,11}"
        + "|(?:39|47)0[0-9]{4,11}"
        + "|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])[0-9][1-9][0-9]{3,10}"
        + "|(?:22[5679]|24[127]|26[78]|37[89]|50[17]|67[69]|687|800|853|88[18]|974|992)0[0-9]{3,10}"
        + "|25006[0-9]{2,9})$"

    /// What numbers, senders and texts are valid is more than a schema can say: what is refused is
    /// answered 422 with the field.
    private static let sendRequest = Schema.object(
        [
            "to": .any(of: [number, .array(number, 1...1000, isUnique: true)])
                .described("One number, or several; with country codes."),
            // 25 SMS in GSM 7-bit; in UCS-2 fewer characters fit.
            "text": Schema.text(1...3825, pattern: "^[^\\u0000]+$")
                .described("At most 25 SMS, and 4,000 bytes of UTF-8."),
            "from": Schema.text(pattern: "^([0-9]{3,8}|[A-Za-z][A-Za-z0-9]{0,10})$").orNull
                .described("A number, a short code or a name; see API.md."),
            "provider": Schema.component("ProviderName").orNull,
            "validity_minutes": Schema.integer(SendDraft.validityLimits).orNull,
            "send_at": Schema.time.orNull,
            "callback_data": Schema.text(0...4000, pattern: "^[^\\u0000]*$").orNull,
            "metadata": anyObject.orNull, "webhook": Schema.text(1...WebhookURL.limit).orNull,
        ],
        optional: [
            "from", "provider", "validity_minutes", "send_at", "callback_data", "metadata",
            "webhook",
        ]
    )

    private static let sendAnswer = Schema.object(
        [
            "messages": .array(
                .object(
                    [
                        "id": .uuid, "ticket": .text(), "to": .text(),
                        "status": .component("Status"), "provider": .text(), "segments": count,
                        "error": .object(["code": .text(), "description": .text()]),
                    ], optional: ["error"]), 1...1000),
            "encoding": .text(), "segments": count, "send_request_id": .uuid,
            "send_at": Schema.time.orNull, "ticket": .text(), "correlationId": .text(),
        ], optional: ["correlationId"])
}
