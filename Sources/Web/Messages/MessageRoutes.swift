import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let findMessages = RouteDescription(
        "GET", "/v1/messages", "findMessages", .messages,
        "The messages that meet all of the filters, the newest first",
        details: """
            A page never takes long: where little is found, it ends before it is full. Then \
            `searched_back_to` says how far back it has looked, and `next` goes on from there. With \
            `provider` and `provider_message_id` alone, the answer is that one message.
            """,
        parameters: messageFilters + [
            Parameter(
                "provider_message_id", .text(1...1000),
                "The provider's name of the message; with provider, and nothing else.",
                example: "order-1001"),
            Parameter(
                "limit",
                .other(
                    .integer(1...MessageExport.mostRows),
                    takes: "a whole number from 1 to \(MessageList.limits.upperBound); of an export"
                        + " up to \(MessageExport.mostRows)",
                    accepts: Parameter.Form.integer(1...MessageExport.mostRows).accepts),
                """
                The most messages of a page, 1 to \(MessageList.limits.upperBound), and \
                \(MessageList.usualLimit) unless given; of an export, which has all unless it is given.
                """,
                example: "20"),
            Parameter(
                "cursor", .text(1...SearchCursors.mostCharacters),
                "`next` of the page before, with the same filters.",
                example: "AYkQ…"),
            Parameter(
                "format", .word(AnswerFormat.allCases.map(\.rawValue)),
                "`csv` exports all that is found; the Accept header does, too.", example: "json"),
        ],
        answers: [
            Answer(
                .ok, "A page, or the message that was named; or an export.",
                .json(
                    .any(of: [.component("MessagePage"), .component("Message")]),
                    example: """
                        {"messages":[\(messageExample)],"next":null,"searched_back_to":null}
                        """), MessageExport.content),
            .problem(.notAcceptable, "not_acceptable"),
            .problem(.serviceUnavailable, "too_many_exports", "database_unavailable"),
            .problem(.forbidden, "masked_numbers"),
            .problem(.notFound, "unknown_message"),
        ])

    /// What messages are looked for by.
    static let messageFilters: [Parameter] = [
        Parameter(
            "q",
            .other(
                .text(1...256),
                takes: "a number, or an id of a message, a send request or a request, of up to 256"
                    + " bytes", accepts: { SearchText($0) != nil }),
            """
            What somebody pasted: a number in any spelling, or a part of one; our id, the \
            provider's, that of a send request, or nginx's of a request.
            """, example: "+44 7700 900123"),
        Parameter(
            "status", .words(Status.allCases.map(\.rawValue)), "One of these statuses.",
            example: "failed,expired"),
        Parameter("final", .flag, "Whether the status is final.", example: "true"),
        Parameter("provider", .text(1...100), "The provider's name.", example: "infobip"),
        Parameter(
            "error_code", .text(1...100), "The error's code, as the messages show it.",
            example: "27"),
        Parameter(
            "to", .text(1...100), "The whole number, in any spelling.",
            example: "+447700900123"),
        Parameter(
            "to_prefix",
            .other(
                .text(1...40),
                takes: "the beginning of a number with its country code, 1 to 15"
                    + " digits (a + is written %2B)", accepts: { NumberBeginning($0) != nil }),
            "How the number begins, with its country code.", example: "+4477"),
        Parameter("from", .text(1...100), "The whole sender.", example: "Shop"),
        Parameter(
            "country",
            .other(
                .text(pattern: "^[A-Za-z]{2}$"), takes: "two letters of ISO 3166, as in GB",
                accepts: { text in
                    text.utf8.count == 2
                        && text.utf8.allSatisfy { ($0 | 0x20) &- UInt8(ascii: "a") < 26 }
                }),
            "The country of the number.", example: "GB"),
        Parameter(
            "since", .time, "Messages of this moment and later ones.",
            example: "2026-11-20T00:00:00Z"),
        Parameter("until", .time, "Earlier messages.", example: "2026-11-21T00:00:00Z"),
        Parameter(
            "submitted_by", .text(1...300),
            "Who submitted it: the id of a key or user, or its name.", example: "shop"),
        Parameter(
            "send_request_id", .uuid, "The send request that it belongs to.",
            example: "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"),
        Parameter(
            "metadata.", .text(0...1000),
            "A member of the metadata, as in `metadata.campaign=spring`; several may be given.",
            example: "spring", isPrefix: true),
    ]

    static let showMessage = RouteDescription(
        "GET", "/v1/messages/{id}", "showMessage", .messages,
        "All that is known of a message, with its text and its timeline",
        answers: [
            Answer(
                .ok, "The message.",
                .json(.component("MessageWithTimeline"), example: timelineExample)),
            .problem(.notFound, "unknown_message"),
        ])

    static let showReports = RouteDescription(
        "GET", "/v1/messages/{id}/reports", "showReports", .messages,
        "All reports about a message, and why one of them won",
        answers: [
            Answer(.ok, "The reports.", .json(.component("Reports"), example: reportsExample)),
            .problem(.notFound, "unknown_message"),
        ])

    static let showCallback = RouteDescription(
        "GET", "/v1/callbacks/{id}", "showCallback", .messages,
        "A provider's callback as it came",
        answers: [
            Answer(.ok, "The callback.", .json(callbackSchema, example: callbackExample)),
            .problem(.badRequest, "bad_callback_id"),
            .problem(.notFound, "unknown_callback"),
        ])

    private static let callbackSchema = Schema.object([
        "id": .uuid, "provider": .text(), "received_at": .time, "path": .text(),
        "content_type": Schema.text().orNull, "headers": .map(of: .text()),
        "message_id": Schema.uuid.orNull, "send_request_id": Schema.uuid.orNull,
        "bytes": .integer(0...Int(Int32.max)), "encoding": .word(["utf-8", "base64"]),
        "body": .text(),
    ])

    private static let callbackExample = """
        {"id":"01a1fdac-301a-7636-a436-5b6f253b1570","provider":"infobip",\
        "received_at":"2026-11-21T10:34:42.586698Z","path":"/callbacks/infobip",\
        "content_type":"application/json","headers":{"content-type":"application/json"},\
        "message_id":null,"send_request_id":null,"bytes":14,"encoding":"utf-8",\
        "body":"{\\"results\\":[]}"}
        """

    static let messageExample = """
        {"id":"d8917dd5-97b3-8b46-a501-396972a7b206","provider":"infobip",\
        "provider_message_id":"order-1001","status":"delivered","final":true,\
        "sent_by_us":false,"to":"+447700900123","from":"Shop","country":"GB",\
        "created_at":"2026-11-21T10:34:42.586698Z","updated_at":"2026-11-21T10:34:42.586698Z",\
        "provider_status":{"group_id":3,"group":"DELIVERED","id":5,\
        "name":"DELIVERED_TO_HANDSET","description":"Message delivered to handset"},\
        "error":{"code":null,"group_id":0,"group":"OK","name":"NO_ERROR",\
        "description":"No Error","permanent":false},\
        "sent_at":"2026-11-20T09:15:00.100Z","done_at":"2026-11-20T09:15:04.913Z","segments":1,\
        "price":{"amount":"0.01","currency":"EUR"},"bulk_id":null,"callback_data":null,\
        "network":"23415","attributes":null,"parts":null}
        """

    private static let timelineExample =
        String(messageExample.dropLast()) + #","text":null,"timeline":[]}"#

    private static let reportsExample = """
        {"message_id":"d8917dd5-97b3-8b46-a501-396972a7b206","status":"delivered","final":true,\
        "reports":[],"events":[]}
        """
}
