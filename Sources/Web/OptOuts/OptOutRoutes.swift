import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listOptOuts = RouteDescription(
        "GET", "/v1/opt-outs", "listOptOuts", .optOuts,
        "Who must get no messages, each with its cause, the latest first",
        details: """
            Entries that hold now. A page may be short before the end: `next` is null at the end. An \
            export can be imported again. Of a number that was erased `to` is null.
            """,
        parameters: optOutFilters + [
            Parameter(
                "limit", .integer(OptOutEndpoints.limits),
                "How many at most; \(OptOutEndpoints.usualLimit) unless given. An export has all.",
                example: "50"),
            Parameter(
                "cursor", .text(1...1000), "The `next` of an answer to the same query.",
                example: "AAAA"),
            Parameter(
                "format", .word(AnswerFormat.allCases.map(\.rawValue)),
                "`csv` exports all that is found; the Accept header does, too.", example: "json"),
        ],
        answers: [
            Answer(
                .ok, "A page, or an export.",
                .json(
                    .object([
                        "opt_outs": .array(optOutSchema, 0...OptOutEndpoints.limits.upperBound),
                        "next": Schema.text().orNull,
                    ]),
                    example: #"{"opt_outs":[\#(optOutExample)],"next":null}"#),
                csv(OptOutView.columns)),
            .problem(.notAcceptable, "not_acceptable"),
            .problem(.serviceUnavailable, "too_many_exports", "database_unavailable"),
        ])

    static let showOptOut = RouteDescription(
        "GET", "/v1/opt-outs/{phone}", "showOptOut", .optOuts,
        "Whether a number is out, and all that was said about it",
        answers: [
            Answer(
                .ok, "Its entries: those that hold, and the latest of all.",
                .json(
                    .object([
                        "opted_out": .flag, "opt_outs": .array(optOutSchema),
                        "history": .array(optOutSchema),
                    ]),
                    example: """
                        {"opted_out":true,"opt_outs":[\(optOutExample)],\
                        "history":[\(optOutExample)]}
                        """)),
            .problem(.badRequest, "bad_number"),
        ])

    static let addOptOuts = RouteDescription(
        "POST", "/v1/opt-outs", "addOptOuts", .optOuts, "Put numbers out, or import a list",
        details: """
            Only an operator lifts this again: a START of the person does not. With `Content-Type: \
            text/csv` the body is a list with the columns `to`, `from` and `detail`, of which only \
            the first is needed; without a header line each line is a number. All are added, or \
            none is; up to \(OptOutDraft.limit) at once.
            """,
        body: Body(
            .object(
                [
                    "to": .any(of: [
                        .text(1...100), .array(.text(1...100), 1...OptOutDraft.limit),
                    ]),
                    "from": Schema.text(1...100).orNull, "note": Schema.text(1...500).orNull,
                ], optional: ["from", "note"]),
            example: #"{"to":"+447700900123","note":"asked by telephone"}"#,
            limit: OptOutEndpoints.bodyLimit),
        answers: [
            Answer(
                .created, "They are out; of many, the first are listed.",
                .json(
                    .object([
                        "added": .integer(1...OptOutDraft.limit),
                        "opt_outs": .array(optOutSchema, 0...OptOutEndpoints.limits.upperBound),
                    ]),
                    example: #"{"added":1,"opt_outs":[\#(operatorExample)]}"#)),
            .problem(.badRequest, "bad_csv"),
            .problem(.contentTooLarge, "body_too_large", "too_many_numbers"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
        ])

    static let liftOptOuts = RouteDescription(
        "DELETE", "/v1/opt-outs", "liftOptOuts", .optOuts, "Lift what keeps messages from a number",
        details: liftDetails,
        parameters: [
            Parameter(
                "to", .text(1...100), "The number, or the id of an entry.",
                example: "+447700900123", isRequired: true), liftSender,
        ],
        answers: liftAnswers)

    static let liftOptOut = RouteDescription(
        "DELETE", "/v1/opt-outs/{phone}", "liftOptOut", .optOuts,
        "The same by a number, or by an entry's id, in the path",
        details: liftDetails, parameters: [liftSender], answers: liftAnswers)

    private static let liftDetails = """
        Adds an entry that says so: nothing is deleted. The person's own word is lifted as well, so \
        there must be a reason that they would agree with. The provider may go on to block the number.
        """

    private static let liftSender = Parameter(
        "from", .text(1...100), "Only for this sender; all unless given.", example: "Shop")

    private static let liftAnswers = [
        Answer(.noContent, "It is lifted."), .problem(.badRequest, "bad_number"),
        .problem(.notFound, "unknown_opt_out"),
    ]

    /// What opt-outs are looked for by.
    static let optOutFilters: [Parameter] = [
        Parameter(
            "to", .text(1...100), "The whole number, in any spelling.", example: "+447700900123"),
        Parameter(
            "source", .word(OptOutEntry.Source.allCases.map(\.name)), "Who said so.",
            example: "word"),
        Parameter("provider", .text(1...100), "The provider's name.", example: "infobip"),
        Parameter("since", .time, "Recorded not before then.", example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Recorded before then.", example: "2026-11-21T00:00:00Z"),
    ]

    private static let optOutSchema = Schema.object([
        "id": .uuid, "to": Schema.text().orNull, "from": Schema.text().orNull, "out": .flag,
        "source": .word(OptOutEntry.Source.allCases.map(\.name)),
        "provider": Schema.text().orNull, "at": .time, "recorded_at": .time,
        "detail": Schema.text().orNull,
        "cause": .object([
            "inbound_id": Schema.uuid.orNull, "message_id": Schema.uuid.orNull,
            "callback_id": Schema.uuid.orNull,
        ]),
        "by": Schema.object([
            "kind": .word(PrincipalID.Kind.allCases.map(\.rawValue)), "id": .uuid,
            "name": .text(),
        ]).orNull,
    ])

    private static let optOutExample = """
        {"id":"3b1f4a60-8f0e-8a51-9e37-5f0b0c6d7e11","to":"+447700900123","from":null,"out":true,\
        "source":"word","provider":"infobip","at":"2026-11-20T09:15:01.250Z",\
        "recorded_at":"2026-11-20T09:15:02.110Z","detail":"stop (en)",\
        "cause":{"inbound_id":"3b1f4a60-8f0e-8a51-9e37-5f0b0c6d7e11","message_id":null,\
        "callback_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"},"by":null}
        """

    private static let operatorExample = """
        {"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","to":"+447700900123","from":null,"out":true,\
        "source":"operator","provider":null,"at":"2026-11-20T09:15:01.250Z",\
        "recorded_at":"2026-11-20T09:15:01.250Z","detail":"asked by telephone",\
        "cause":{"inbound_id":null,"message_id":null,"callback_id":null},\
        "by":{"kind":"user","id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10","name":"Ada"}}
        """
}
