import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let listInbound = RouteDescription(
        "GET", "/v1/inbound", "listInbound", .inbound,
        "Messages from people that meet all of the filters, the latest first",
        details: "Who sees numbers masked gets no texts, and looks only for whole numbers.",
        parameters: inboundFilters + [
            Parameter(
                "limit", .integer(InboundEndpoints.limits),
                "How many at most; \(InboundEndpoints.usualLimit) unless given. An export has all.",
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
                        "inbound": .array(
                            inboundSchema, 0...InboundEndpoints.limits.upperBound),
                        "next": Schema.text().orNull,
                    ]),
                    example: #"{"inbound":[\#(inboundExample)],"next":null}"#),
                csv(InboundView.columns)),
            .problem(.notAcceptable, "not_acceptable"),
            .problem(.forbidden, "masked_numbers"),
            .problem(.serviceUnavailable, "too_many_exports", "database_unavailable"),
        ])

    static let showInbound = RouteDescription(
        "GET", "/v1/inbound/{id}", "showInbound", .inbound, "One message from somebody",
        answers: [
            Answer(
                .ok, "The message.",
                .json(
                    inboundSchema.with(["attributes": Schema.map(of: Schema(.object([]))).orNull]),
                    example: inboundExample.dropLast() + #","attributes":null}"#)),
            .problem(.notFound, "unknown_inbound"),
        ])

    static let showConversation = RouteDescription(
        "GET", "/v1/conversations/{phone}", "showConversation", .inbound,
        "What was written to a number and from it, the latest first",
        details: """
            `older_until` is null at the beginning; otherwise it goes on with it as `until`. Texts of \
            our own messages are there as long as they are kept.
            """,
        parameters: [
            Parameter(
                "limit", .integer(InboundEndpoints.limits),
                "How many at most; \(InboundEndpoints.usualLimit) unless given.", example: "50"),
            Parameter("until", .time, "Earlier messages.", example: "2026-11-21T00:00:00Z"),
        ],
        answers: [
            Answer(
                .ok, "The conversation.",
                .json(
                    .object([
                        "number": .text(),
                        "messages": .array(entrySchema, 0...InboundEndpoints.limits.upperBound),
                        "older_until": Schema.time.orNull,
                    ]),
                    example: """
                        {"number":"+447700900123","messages":[{"direction":"in",\
                        "at":"2026-11-20T09:15:01.250Z","id":"3b1f4a60-8f0e-8a51-9e37-5f0b0c6d7e11",\
                        "provider":"infobip","status":null,"sender":"+447700900999","text":"Thanks",\
                        "media":0}],"older_until":null}
                        """)),
            .problem(.notFound, "unknown_number"),
        ])

    /// What messages from people are looked for by.
    static let inboundFilters: [Parameter] = [
        Parameter(
            "q",
            .other(
                .text(1...256), takes: "a text of up to 256 bytes",
                accepts: { InboundSearch($0) != nil }),
            "Beginnings of words of the text, or a number or a part of one.", example: "thanks"),
        Parameter("provider", .text(1...100), "The provider's name.", example: "infobip"),
        Parameter(
            "type", .word(InboundMessage.Kind.allCases.map(\.name)), "What came.",
            example: "sms"),
        Parameter(
            "from", .text(1...100), "The person's whole number, in any spelling.",
            example: "+447700900123"),
        Parameter(
            "to", .text(1...100), "The number of ours, in any spelling.",
            example: "+447700900999"),
        Parameter("since", .time, "Not before then.", example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Before then.", example: "2026-11-21T00:00:00Z"),
    ]

    /// An export of a list with these columns.
    static func csv(_ columns: [String]) -> Content {
        Content(
            "text/csv",
            .text().described(
                "RFC 4180, with a header line. An answer without a proper end is cut off."),
            example: columns.joined(separator: ",") + "\r\n")
    }

    private static let inboundSchema = Schema.object([
        "id": .uuid, "provider": .text(), "provider_message_id": .text(),
        "type": .word(InboundMessage.Kind.allCases.map(\.name)),
        "from": Schema.text().orNull, "to": Schema.text().orNull, "text": Schema.text().orNull,
        "keyword": Schema.text().orNull,
        "media": .array(.object(["url": .text(), "type": Schema.text().orNull])),
        "segments": Schema.integer(0...Int(Int32.max)).orNull,
        "price": Schema.object(["amount": .text(), "currency": Schema.text().orNull]).orNull,
        "intent": Schema.word(InboundMessage.Intent.allCases.map(\.name)).orNull,
        "sent_at": Schema.time.orNull, "received_at": .time,
        "source": .word(["callback", "poll"]), "callback_id": .uuid,
        "message_id": Schema.uuid.orNull,
    ])

    private static let entrySchema = Schema.object([
        "direction": .word(["in", "out"]), "at": .time, "id": .uuid, "provider": .text(),
        "status": Schema.text().orNull, "sender": Schema.text().orNull,
        "text": Schema.text().orNull, "media": .integer(0...1000),
    ])

    private static let inboundExample = """
        {"id":"3b1f4a60-8f0e-8a51-9e37-5f0b0c6d7e11","provider":"infobip",\
        "provider_message_id":"817790313235066447","type":"sms","from":"+447700900123",\
        "to":"+447700900999","text":"Thanks","keyword":null,"media":[],"segments":1,\
        "price":{"amount":"0","currency":"EUR"},"intent":null,"sent_at":"2026-11-20T09:15:01.250Z",\
        "received_at":"2026-11-20T09:15:02.110Z","source":"callback",\
        "callback_id":"01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10",\
        "message_id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452"}
        """
}
