import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listQuarantine = RouteDescription(
        "GET", "/v1/quarantine", "listQuarantine", .quarantine,
        "What could not be read or stored, the latest first",
        details: """
            `count` is how many the filters find, up to 10,000. The archive has the callback \
            (`GET /v1/callbacks/{id}`) unless `path` is given.
            """,
        parameters: quarantineFilters + [
            Parameter(
                "limit", .integer(QuarantineEndpoints.limits),
                "How many at most; \(QuarantineEndpoints.usualLimit) unless given.", example: "50"),
            Parameter(
                "cursor", .text(1...1000), "The `next` of an answer to the same query.",
                example: "AAAA"),
        ],
        answers: [
            Answer(
                .ok, "A page.",
                .json(
                    .object([
                        "quarantine": .array(part, 0...QuarantineEndpoints.limits.upperBound),
                        "count": count, "count_is_least": .flag, "next": Schema.text().orNull,
                    ]),
                    example: """
                        {"quarantine":[\(partExample)}],"count":1,"count_is_least":false,\
                        "next":null}
                        """))
        ])

    static let showQuarantined = RouteDescription(
        "GET", "/v1/quarantine/{number}", "showQuarantined", .quarantine,
        "A quarantined part with its bytes",
        details: "`text` is null where the bytes are no UTF-8. At most 64 KiB are kept of a part.",
        answers: [
            Answer(
                .ok, "The part.",
                .json(
                    part.with(["text": Schema.text().orNull, "base64": .text()]),
                    example: partExample + #","text":"{\"bad\":","base64":"eyJiYWQiOg=="}"#)),
            .problem(.notFound, "unknown_quarantined"),
        ])

    static let deleteQuarantined = RouteDescription(
        "DELETE", "/v1/quarantine/{number}", "deleteQuarantined", .quarantine,
        "Take a part out of quarantine; the archive keeps its callback",
        answers: [
            Answer(.noContent, "It is gone."),
            .problem(.notFound, "unknown_quarantined"),
        ])

    static let replayQuarantined = RouteDescription(
        "POST", "/v1/quarantine/{number}/replay", "replayQuarantined", .quarantine,
        "Authenticate and read a part's callback again",
        details: """
            With today's secrets and today's parser. What can be read now is stored, and leaves the \
            quarantine in the same transaction; `left` of the callback's parts cannot.
            """,
        answers: [
            Answer(
                .ok, "What came of it.",
                .json(
                    .object([
                        "id": number, "reports": count, "released": count, "left": count,
                    ]),
                    example: #"{"id":42,"reports":1,"released":1,"left":0}"#)),
            .problem(.notFound, "unknown_quarantined"),
            .problem(.conflict, "replay_refused", "replay_unreadable", "callback_gone"),
        ])

    static let replayQuarantine = RouteDescription(
        "POST", "/v1/quarantine/replay", "replayQuarantine", .quarantine,
        "Replay all callbacks that a filter finds parts of",
        details: """
            The filters are those of the list; none finds all. A call replays up to \
            \(QuarantineEndpoints.replayLimit) callbacks, the earliest first: repeat it with the \
            answer's `next` as `after` until that is null.
            """,
        body: Body(
            .object(
                [
                    "provider": Schema.text(1...100).orNull, "reason": Schema.text(1...100).orNull,
                    "since": Schema.time.orNull, "until": Schema.time.orNull,
                    "callback_id": Schema.uuid.orNull,
                    "authenticated": Schema.flag.orNull,
                    "ids": Schema.array(number, 1...QuarantineEndpoints.replayLimit).orNull,
                    "after": number.orNull,
                ],
                optional: [
                    "provider", "reason", "since", "until", "callback_id", "authenticated", "ids",
                    "after",
                ]),
            example: #"{"provider":"infobip","reason":"bad_time"}"#,
            limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .ok, "What came of it.",
                .json(
                    .object([
                        "callbacks": count, "replayed": count, "reports": count,
                        "released": count, "refused": count, "unreadable": count, "gone": count,
                        "not_stored": count, "next": number.orNull,
                    ]),
                    example: """
                        {"callbacks":3,"replayed":2,"reports":2,"released":2,"refused":0,\
                        "unreadable":1,"gone":0,"not_stored":0,"next":null}
                        """)),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    /// What the quarantine is looked through by.
    static let quarantineFilters: [Parameter] = [
        Parameter("provider", .text(1...100), "The provider's name.", example: "infobip"),
        Parameter("reason", .text(1...100), "Why it is here.", example: "bad_time"),
        Parameter("since", .time, "Received not before then.", example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Received before then.", example: "2026-11-21T00:00:00Z"),
        Parameter(
            "callback_id", .uuid, "Parts of this callback.",
            example: "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"),
        Parameter(
            "authenticated", .flag,
            "Whether the provider has proved itself; others are here if they are kept at all.",
            example: "true"),
    ]

    private static let count = Schema.integer(0...Int(Int32.max))
    private static let number = Schema.integer(1...Int(Int64.max))

    private static let part = Schema.object([
        "id": number, "received_at": .time, "callback_id": .uuid, "provider": .text(),
        "reason": .text(), "place": .text(), "detail": .text(), "authenticated": .flag,
        "path": Schema.text().orNull, "content_type": Schema.text().orNull, "bytes": count,
    ])

    /// Without its end.
    private static let partExample = #"""
        {"id":42,"received_at":"2026-11-20T15:30:06.000Z",\#
        "callback_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10","provider":"infobip",\#
        "reason":"not_json","place":"byte 7","detail":"The JSON text ends before it is complete.",\#
        "authenticated":true,"path":null,"content_type":null,"bytes":7
        """#
}
