import Domain
import FastCGI
import JSON

extension RouteDescription {
    /// - Parameter providers: the names that the parameter takes.
    static let statistics = RouteDescription(
        "GET", "/v1/stats", "countMessages", .statistics,
        "Messages by their current status, over time",
        details: """
            Messages are counted in the hour (UTC) in which we first knew of them, by the status that \
            they have now, with all reports that are committed when the question comes. `from` and \
            `to` are moved outwards to full hours; the answer names both. With `bucket=day` the first \
            and the last day may be parts of days. Groups come in the order of their messages; those \
            beyond `limit` are added up in one whose `rest` is true.

            `delivery_rate` is the share of delivered messages among those whose status is final. \
            Times from sending to delivery are the provider's own, of delivered messages for which it \
            gave both; what is read from them is off by 6.25% at most. Segments and prices are those \
            of the report that decides; of our own messages without one, segments as we count them.
            """,
        parameters: [
            from, to,
            Parameter(
                "bucket", .word(StatisticsBucket.allCases.map(\.rawValue)),
                "The length of the pieces. Unless given, hours up to two days and days beyond.",
                example: "day"),
            Parameter(
                "by", .word(StatisticsDimension.allCases.map(\.rawValue)),
                "What the messages of a piece are told apart by.", example: "country"),
            Parameter(
                "limit", .integer(1...200), "How many groups are told apart; 50 unless given.",
                example: "20"),
        ],
        answers: [
            Answer(.ok, "The counts.", .json(StatisticsSchema.statistics, example: example))
        ])

    static let errors = RouteDescription(
        "GET", "/v1/errors", "countErrors", .statistics,
        "The commonest errors, what they mean, and whether trying again helps",
        details: """
            Counts messages that have failed: those of a final status that is neither `delivered` \
            nor `cancelled`, unless `status` names others. One entry for each status and error in the \
            provider's words, the most messages first.
            """,
        parameters: [
            from, to,
            Parameter("provider", .text(1...100), "A provider's name.", example: "infobip"),
            Parameter(
                "country",
                .other(
                    .text(pattern: "^[A-Z]{2}$"), takes: "two upper-case letters of ISO 3166",
                    accepts: { Country($0) != nil }),
                "The country of the recipients.", example: "DE"),
            Parameter(
                "status", .words(Status.allCases.map(\.rawValue)), "Their current statuses.",
                example: "undeliverable,expired"),
            Parameter(
                "limit", .integer(1...200), "How many errors; 50 unless given.", example: "10"),
        ],
        answers: [
            Answer(.ok, "The errors.", .json(StatisticsSchema.errors, example: errorsExample))
        ])

    private static let from = Parameter(
        "from", .time,
        "The start of the period. Unless given, a day before its end, or 30 days if pieces are days.",
        example: "2026-11-01T00:00:00Z")
    private static let to = Parameter(
        "to", .time, "The end of the period, which is not part of it; now unless given.",
        example: "2026-12-01T00:00:00Z")

    private static let figuresExample = """
        "messages":3,"by_status":{"delivered":2,"undeliverable":1},"segments":4,\
        "price":{"EUR":"0.12"},"delivery_rate":0.667,\
        "time_to_delivery":{"measured":2,"p50":2.944,"p90":4.608,"p99":4.608}
        """

    private static let example = """
        {"from":"2026-11-01T00:00:00.000Z","to":"2026-11-02T00:00:00.000Z","bucket":"day",\
        "by":"country","totals":{\(figuresExample)},\
        "groups":[{"value":"DE","rest":false,\(figuresExample)}],\
        "buckets":[{"start":"2026-11-01T00:00:00.000Z",\(figuresExample),\
        "groups":[{"value":"DE","rest":false,\(figuresExample)}]}]}
        """

    private static let errorsExample = """
        {"from":"2026-11-01T00:00:00.000Z","to":"2026-11-02T00:00:00.000Z","errors":[\
        {"provider":"infobip","code":"27","name":"EC_ABSENT_SUBSCRIBER","group":"HANDSET_ERRORS",\
        "description":"Absent Subscriber","permanent":false,\
        "provider_status":{"id":9,"name":"UNDELIVERABLE_NOT_DELIVERED","group":"UNDELIVERABLE",\
        "description":"Message sent not delivered"},"messages":12,"by_status":{"undeliverable":12},\
        "meaning":"The phone could not be reached: it is off, or out of coverage.",\
        "retry":{"helps":"later","advice":"Most such phones come back within hours."},\
        "countries":[{"country":"DE","messages":9},{"country":null,"messages":3}]}]}
        """
}

/// The forms of the answers.
enum StatisticsSchema {
    private static let count = Schema.integer(0...Int(Int64.max))
    private static let seconds = Schema.number.orNull
    private static let text = Schema.text().orNull
    private static let byStatus = Schema.map(of: count)

    private static let figures: [(String, Schema)] = [
        ("messages", count), ("by_status", byStatus), ("segments", .integer),
        (
            "price",
            Schema.map(of: .text(pattern: #"^-?[0-9]+(\.[0-9]+)?$"#))
                .described("Exact decimals by ISO 4217; XXX where the provider names no currency.")
        ),
        ("delivery_rate", seconds),
        (
            "time_to_delivery",
            .object(["measured": count, "p50": seconds, "p90": seconds, "p99": seconds])
                .described("Seconds.")
        ),
    ]

    private static let group = object(
        [
            ("value", text.described("Null where it is unknown.")),
            ("rest", .flag.described("Whether it is the sum of all that limit leaves out.")),
            ("error", .object(["provider": .text(), "code": text, "name": text])),
            ("submitter", .object(["kind": text, "id": text, "name": text])),
        ] + figures, optional: ["error", "submitter"])

    static let statistics = object([
        ("from", .time), ("to", .time),
        ("bucket", .word(StatisticsBucket.allCases.map(\.rawValue))),
        ("by", Schema.word(StatisticsDimension.allCases.map(\.rawValue)).orNull),
        ("totals", object(figures)), ("groups", .array(group)),
        ("buckets", .array(object([("start", .time)] + figures + [("groups", .array(group))]))),
    ])

    static let errors = object([
        ("from", .time), ("to", .time),
        (
            "errors",
            .array(
                object([
                    ("provider", text), ("code", text), ("name", text), ("group", text),
                    ("description", text), ("permanent", Schema.flag.orNull),
                    (
                        "provider_status",
                        Schema.object([
                            "id": Schema.integer.orNull, "name": text, "group": text,
                            "description": text,
                        ]).orNull
                    ),
                    ("messages", count), ("by_status", byStatus), ("meaning", .text()),
                    (
                        "retry",
                        .object([
                            "helps": .word(ErrorMeaning.Retry.allCases.map(\.rawValue)),
                            "advice": .text(),
                        ])
                    ),
                    (
                        "countries",
                        .array(.object(["country": text, "messages": count]))
                    ),
                ]))
        ),
    ])

    /// As `Schema.object`, from members that are put together.
    private static func object(
        _ members: [(String, Schema)], optional: Set<String> = []
    ) -> Schema {
        let required = members.map(\.0).filter { !optional.contains($0) }
        return Schema(
            .object([
                JSONValue.Member(name: "type", value: .string("object")),
                JSONValue.Member(
                    name: "properties",
                    value: .object(members.map { JSONValue.Member(name: $0.0, value: $0.1.json) })),
                JSONValue.Member(name: "required", value: .array(required.map { .string($0) })),
                JSONValue.Member(name: "additionalProperties", value: .boolean(false)),
            ]))
    }
}
