import Domain
import JSON

/// Users, sessions, keys and the audit.
extension OpenAPIComponents {
    static let peopleSchemas: [(name: String, schema: Schema)] = [
        ("User", user), ("Session", session), ("WhoAmI", whoAmI), ("Principal", principal),
        ("Key", key), ("AuditEntry", auditEntry),
    ]

    private static let user = Schema.object([
        "id": .uuid, "email": .text(), "name": .text(),
        "role": .word(Role.allCases.map(\.rawValue)),
        "disabled": .flag, "created_at": .time, "last_sign_in_at": Schema.time.orNull,
        "has_password": .flag, "has_totp": .flag, "recovery_codes_left": .integer,
        "link_expires_at": Schema.time.orNull,
    ])

    private static let session = Schema.object([
        "id": .uuid, "current": .flag, "created_at": .time, "last_active_at": .time,
        "idle_ends_at": .time, "ends_at": .time, "address": Schema.text().orNull,
        "user_agent": Schema.text().orNull,
    ])

    private static let whoAmI = Schema.object([
        "user": .component("User"), "role": .word(Role.allCases.map(\.rawValue)),
        "permissions": .array(.word(["admin", "details", "read", "send"])),
        "must_set_up_totp": .flag, "session": Schema.component("Session").orNull,
    ])

    private static let principal = Schema.object([
        "kind": .word(PrincipalID.Kind.allCases.map(\.rawValue)), "id": .uuid, "name": .text(),
    ])

    private static let key = Schema.object([
        "id": .uuid, "name": .text(), "scopes": .array(.word(Scope.allCases.map(\.rawValue))),
        "created_at": .time, "created_by": Schema.component("Principal").orNull,
        "last_used_at": Schema.time.orNull, "expires_at": Schema.time.orNull,
        "addresses": .array(.text()), "revoked_at": Schema.time.orNull,
    ])

    private static let auditEntry = Schema.object([
        "number": .integer, "at": .time, "action": .text(), "object": .text(),
        "principal": Schema.component("Principal").orNull, "address": Schema.text().orNull,
        "request_id": Schema.text().orNull, "detail": .map(of: .text()), "before": anything,
        "after": anything,
    ])

    private static let anything = Schema(
        .object([JSONValue.Member(name: "type", value: .string("object"))]))
}
