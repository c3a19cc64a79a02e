import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listDeadLetters = RouteDescription(
        "GET", "/v1/dead-letters", "listDeadLetters", .deadLetters,
        "The messages that were given up, the latest first",
        details: "`count` is how many the filters find, up to 10,000.",
        parameters: deadLetterFilters + [
            Parameter(
                "limit", .integer(DeadLetterEndpoints.limits),
                "How many at most; \(DeadLetterEndpoints.usualLimit) unless given.", example: "50"),
            Parameter(
                "cursor", .text(1...1000), "The `next` of an answer to the same query.",
                example: "AAAA"),
        ],
        answers: [
            Answer(
                .ok, "A page.",
                .json(
                    .object([
                        "dead_letters": .array(letter, 0...DeadLetterEndpoints.limits.upperBound),
                        "count": count, "count_is_least": .flag, "next": Schema.text().orNull,
                    ]),
                    example: """
                        {"dead_letters":[\(letterExample)],"count":1,"count_is_least":false,\
                        "next":null}
                        """))
        ])

    static let retryDeadLetter = RouteDescription(
        "POST", "/v1/dead-letters/{id}/retry", "retryDeadLetter", .deadLetters,
        "Queue a message again that was given up",
        details: """
            It keeps its id and has all of its attempts and all of its time again. If the provider may \
            have sent it (`may_have_been_sent`), its recipient may get it twice.
            """,
        answers: [
            Answer(
                .ok, "The message, queued.",
                .json(.component("Message"), example: messageExample)),
            .problem(.badRequest, "bad_message_id"),
            .problem(.notFound, "unknown_dead_letter"),
            .problem(.conflict, "cannot_retry"),
        ])

    static let retryDeadLetters = RouteDescription(
        "POST", "/v1/dead-letters/retry", "retryDeadLetters", .deadLetters,
        "Queue all messages again that a filter finds",
        details: """
            The filters are those of the list; none finds all. A call queues up to 1,000, the earliest \
            first, and says how many are `left`: repeat it with the answer's `until` until none is. \
            Those that the provider may have sent are left out unless `code` or `ids` names them; those \
            that cannot be sent again always.
            """,
        body: Body(
            .object(
                [
                    "provider": Schema.text(1...100).orNull, "code": Schema.text(1...100).orNull,
                    "since": Schema.time.orNull, "until": Schema.time.orNull,
                    "send_request_id": Schema.uuid.orNull, "to": Schema.text(1...100).orNull,
                    "ids": Schema.array(.uuid, 1...DeadLetterQuery.idLimit).orNull,
                ],
                optional: [
                    "provider", "code", "since", "until", "send_request_id", "to", "ids",
                ]),
            example: #"{"provider":"infobip","code":"503"}"#, limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .ok, "How many are queued, and how many are left.",
                .json(
                    .object([
                        "retried": count, "left": count, "left_is_least": .flag, "until": .time,
                    ]),
                    example: """
                        {"retried":12,"left":0,"left_is_least":false,\
                        "until":"2026-11-20T15:30:06.000Z"}
                        """)),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    /// What dead letters are looked for by.
    static let deadLetterFilters: [Parameter] = [
        Parameter("provider", .text(1...100), "The provider's name.", example: "infobip"),
        Parameter("code", .text(1...100), "The reason's code.", example: "503"),
        Parameter("since", .time, "Given up not before then.", example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Given up before then.", example: "2026-11-21T00:00:00Z"),
        Parameter(
            "send_request_id", .uuid, "Those of this send request.",
            example: "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"),
        Parameter(
            "to", .text(1...100), "The whole number, in any spelling.", example: "+447700900123"),
    ]

    private static let count = Schema.integer(0...Int(Int32.max))

    private static let letter = Schema.object([
        "id": .uuid, "send_request_id": .uuid, "at": .time, "provider": .text(), "to": .text(),
        "attempts": count, "code": .text(), "detail": .text(),
        "status": Schema.component("Status").orNull, "may_have_been_sent": .flag,
        "retriable": .flag,
        "why_not": Schema.word(RetryRefusal.allCases.map(\.rawValue)).orNull,
    ])

    private static let letterExample = #"""
        {"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452",\#
        "send_request_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10",\#
        "at":"2026-11-20T15:30:06.000Z","provider":"infobip","to":"+447700900123","attempts":8,\#
        "code":"503","detail":"Service Unavailable","status":"failed",\#
        "may_have_been_sent":false,"retriable":true,"why_not":null}
        """#
}
