import Domain
import FastCGI
import JSON

// What is told of users, keys and the audit: a route each.
extension RouteDescription {
    static let listUsers = RouteDescription(
        "GET", "/v1/users", "listUsers", .users, "All users",
        answers: [
            Answer(
                .ok, "In the order of their addresses.",
                .json(
                    .object(["users": .array(user)]), example: #"{"users":["# + userExample + "]}"))
        ])

    static let createUser = RouteDescription(
        "POST", "/v1/users", "createUser", .users, "Make an account",
        details: "The answer has a one-time link's token, with which its owner chooses a password.",
        body: Body(
            .object(
                [
                    "email": .text(3...254), "name": Schema.text(1...100).orNull,
                    "role": roles.orNull,
                ],
                optional: ["name", "role"]),
            example: #"{"email":"bob@example.com","name":"Bob","role":"operator"}"#,
            limit: BodyReader.byteLimit),
        answers: [
            Answer(.created, "The user and the link.", linked),
            .problem(.conflict, "email_taken", "too_many_users"),
        ] + bodyProblems)

    static let showUser = RouteDescription(
        "GET", "/v1/users/{id}", "showUser", .users, "A user",
        answers: [
            Answer(.ok, "The user.", .json(user, example: userExample)),
            .problem(.notFound, "unknown_user"),
        ])

    static let changeUser = RouteDescription(
        "PATCH", "/v1/users/{id}", "changeUser", .users, "Change a user's role, name or access",
        details: """
            Closing an account ends its sessions. Opening one also forgets its failed sign-ins. The \
            last admin can be neither disabled nor demoted.
            """,
        body: Body(
            .object(
                [
                    "role": roles.orNull, "disabled": Schema.flag.orNull,
                    "name": Schema.text(1...100).orNull,
                ],
                optional: ["role", "disabled", "name"]),
            example: #"{"role":"operator"}"#, limit: BodyReader.byteLimit),
        answers: [
            Answer(.ok, "The user as it now is.", .json(user, example: userExample)),
            .problem(.notFound, "unknown_user"), .problem(.conflict, "last_admin"),
        ] + bodyProblems)

    static let resetUser = RouteDescription(
        "POST", "/v1/users/{id}/reset", "resetUser", .users,
        "Take a user's password and second factor away, and make a new link",
        body: Body(
            .object([:]), example: "{}", limit: BodyReader.byteLimit, isOptional: true),
        answers: [
            Answer(.ok, "The user and the link.", linked),
            .problem(.notFound, "unknown_user"),
        ] + bodyProblems)

    static let endUserSessions = RouteDescription(
        "DELETE", "/v1/users/{id}/sessions", "endUserSessions", .users, "End a user's sessions",
        answers: [
            Answer(
                .ok, "How many ended.",
                .json(.object(["ended": .integer]), example: #"{"ended":2}"#)),
            .problem(.notFound, "unknown_user"),
        ])

    static let listKeys = RouteDescription(
        "GET", "/v1/keys", "listKeys", .keys, "All keys, revoked ones too",
        answers: [
            Answer(
                .ok, "In the order of their creation.",
                .json(.object(["keys": .array(key)]), example: #"{"keys":["# + keyExample + "]}"))
        ])

    static let createKey = RouteDescription(
        "POST", "/v1/keys", "createKey", .keys, "Make a key",
        details:
            "Its secret is shown once. `addresses` are addresses and networks that may use it.",
        body: Body(
            .object(
                [
                    "name": .text(1...100),
                    "scopes": .array(.word(Scope.allCases.map(\.rawValue)), 1...100),
                    "expires_at": Schema.time.orNull,
                    "addresses": Schema.array(.text(2...64), 0...100).orNull,
                ], optional: ["expires_at", "addresses"]),
            example: #"{"name":"shop","scopes":["read","send"],"addresses":["192.0.2.0/24"]}"#,
            limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .created, "The key and its secret.",
                .json(
                    .object(["key": key, "secret": .text()]),
                    example: #"{"key":"# + keyExample
                        + #","secret":"wb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#)),
            .problem(.conflict, "key_name_taken", "too_many_keys"),
        ] + bodyProblems)

    static let revokeKey = RouteDescription(
        "DELETE", "/v1/keys/{id}", "revokeKey", .keys, "Revoke a key",
        answers: [
            Answer(.noContent, "No secret of it is valid any more."),
            .problem(.notFound, "unknown_key"),
        ])

    static let readAudit = RouteDescription(
        "GET", "/v1/audit", "readAudit", .audit, "Who did what, the newest first",
        parameters: [
            Parameter(
                "action", .word(AuditEntry.Action.allCases.map(\.rawValue)), "What was done.",
                example: "user.create"),
            Parameter(
                "principal", .text(1...300), "Who did it: an id, or a name of that time.",
                example: "ann@example.com"),
            Parameter(
                "object", .text(1...300), "What it was done to: an id.",
                example: "01a1fe3e-56fc-7b8e-b8d5-90733bb58452"),
            Parameter("since", .time, "Not before then.", example: "2026-11-20T00:00:00Z"),
            Parameter("until", .time, "Before then.", example: "2026-11-21T00:00:00Z"),
            Parameter(
                "address", .text(1...300), "The client's IP address.", example: "192.0.2.7"),
            Parameter(
                "request_id", .text(1...300), "nginx's id of the request.",
                example: "3f0bd976f3b29cfe5a68146091d1128b"),
            Parameter(
                "limit", .integer(AuditEndpoint.limits), "How many at most; 50 unless given.",
                example: "50"),
            Parameter(
                "cursor", .text(1...1000), "The `next` of an answer to the same query.",
                example: "AAAA"),
        ],
        answers: [
            Answer(
                .ok, "The entries, and the cursor of the next page.",
                .json(
                    .object([
                        "entries": .array(.component("AuditEntry")), "next": Schema.text().orNull,
                    ]),
                    example: #"{"entries":["# + auditExample + #"],"next":null}"#))
        ])

    private static let key = Schema.component("Key")
    private static let roles = Schema.word(Role.allCases.map(\.rawValue))

    private static let linked = Content.json(
        .object([
            "user": user, "link": .object(["url": .text(), "token": .text(), "expires_at": .time]),
        ]),
        example: #"{"user":"# + userExample
            + #","link":{"url":"https://sms.example.com/set-password#3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","token":"3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#
            + #""expires_at":"2026-11-22T08:00:03.020Z"}}"#)

    private static let bodyProblems: [Answer] = [
        .problem(.contentTooLarge, "body_too_large"),
        .problem(.unsupportedMediaType, "unsupported_media_type"),
        .problem(.unprocessableContent, "invalid_fields"),
    ]

    private static let keyExample = #"""
        {"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","name":"shop","scopes":["read","send"],\#
        "created_at":"2026-11-20T09:15:00.100Z","created_by":{"kind":"user",\#
        "id":"01a1fe3e-0000-7b8e-b8d5-90733bb58452","name":"ann@example.com"},\#
        "last_used_at":null,"expires_at":null,"addresses":["192.0.2.0/24"],"revoked_at":null}
        """#

    private static let auditExample = #"""
        {"number":42,"at":"2026-11-21T08:12:00.500Z","action":"user.role",\#
        "object":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","principal":{"kind":"user",\#
        "id":"01a1fe3e-0000-7b8e-b8d5-90733bb58452","name":"ann@example.com"},\#
        "address":"192.0.2.7","request_id":"3f0bd976f3b29cfe5a68146091d1128b","detail":{},\#
        "before":{"role":"viewer"},"after":{"role":"operator"}}
        """#
}
