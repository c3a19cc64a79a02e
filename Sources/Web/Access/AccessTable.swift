import Domain

/// Who may call what: every route of the service, with nothing left to a default.
package enum AccessTable {
    /// By method and path pattern.
    static let entries: [String: Access] = [
        "GET /v1/openapi.json": .everybody,
        "GET /health/live": .everybody,
        "GET /health/ready": .everybody,
        "GET /metrics": .localOrCallers(.admin, .admin),
        "GET /v1/status": .callers(.admin, .viewer),

        "GET /v1/messages": .callers(.read, .viewer),
        "POST /v1/messages": .callers(.send, .operator),
        "GET /v1/messages/{id}": .callers(.read, .viewer),
        "DELETE /v1/messages/{id}": .callers(.send, .operator),
        "GET /v1/messages/{id}/reports": .callers(.read, .viewer),
        "GET /v1/inbound": .callers(.read, .viewer),
        "GET /v1/inbound/{id}": .callers(.read, .viewer),
        "GET /v1/conversations/{phone}": .callers(.read, .viewer),
        "GET /v1/opt-outs": .callers(.read, .viewer),
        "GET /v1/opt-outs/{phone}": .callers(.read, .viewer),
        "POST /v1/opt-outs": .callers(.send, .operator),
        "DELETE /v1/opt-outs": .callers(.send, .operator),
        "DELETE /v1/opt-outs/{phone}": .callers(.send, .operator),
        "GET /v1/dead-letters": .callers(.read, .viewer),
        "POST /v1/dead-letters/retry": .callers(.send, .operator),
        "POST /v1/dead-letters/{id}/retry": .callers(.send, .operator),
        "GET /v1/quarantine": .callers(.read, .viewer),
        "GET /v1/quarantine/{number}": .callers(.read, .operator),
        "DELETE /v1/quarantine/{number}": .callers(.admin, .operator),
        "POST /v1/quarantine/replay": .callers(.admin, .operator),
        "POST /v1/quarantine/{number}/replay": .callers(.admin, .operator),
        "GET /v1/webhooks": .callers(.read, .viewer),
        "POST /v1/webhooks": .callers(.admin, .admin),
        "GET /v1/webhooks/{id}": .callers(.read, .viewer),
        "PATCH /v1/webhooks/{id}": .callers(.admin, .admin),
        "DELETE /v1/webhooks/{id}": .callers(.admin, .admin),
        "POST /v1/webhooks/{id}/rotate": .callers(.admin, .admin),
        "POST /v1/webhooks/{id}/pause": .callers(.admin, .admin),
        "POST /v1/webhooks/{id}/resume": .callers(.admin, .admin),
        "POST /v1/webhooks/{id}/test": .callers(.send, .operator),
        "GET /v1/webhook-deliveries": .callers(.read, .viewer),
        "GET /v1/webhook-deliveries/{number}": .callers(.read, .viewer),
        "POST /v1/webhook-deliveries/resend": .callers(.send, .operator),
        "POST /v1/webhook-deliveries/{number}/resend": .callers(.send, .operator),
        "GET /v1/stats": .callers(.read, .viewer),
        "GET /v1/errors": .callers(.read, .viewer),

        "POST /v1/session": .everybody,
        "GET /v1/session": .session,
        "DELETE /v1/session": .session,
        "GET /v1/sessions": .users(.viewer),
        "DELETE /v1/sessions/{id}": .users(.viewer),
        // By a one-time link, or by somebody who has signed in.
        "POST /v1/password": .everybody,
        "POST /v1/totp": .session,
        "POST /v1/totp/confirm": .session,
        "POST /v1/totp/remove": .session,
        "POST /v1/totp/recovery-codes": .session,

        "GET /v1/users": .callers(.admin, .admin),
        "POST /v1/users": .callers(.admin, .admin),
        "GET /v1/users/{id}": .callers(.admin, .admin),
        "PATCH /v1/users/{id}": .callers(.admin, .admin),
        "POST /v1/users/{id}/reset": .callers(.admin, .admin),
        "DELETE /v1/users/{id}/sessions": .callers(.admin, .admin),
        "GET /v1/keys": .callers(.admin, .admin),
        "POST /v1/keys": .callers(.admin, .admin),
        "DELETE /v1/keys/{id}": .callers(.admin, .admin),
        "GET /v1/audit": .callers(.admin, .admin),
        "GET /v1/callbacks/{id}": .callers(.read, .operator),
        // The latter also for whoever has a ticket.
        "GET /v1/messages/{id}/live": .callers(.read, .viewer),
        "GET /v1/live": .callers(.read, .viewer),
    ]

    /// A route's entry; the process ends at the start if there is none, so that no route is open by
    /// mistake.
    static func access(_ method: String, _ path: String) -> Access {
        // Every provider has its own paths below this one.
        if path.hasPrefix("/callbacks/") { return .provider }
        guard let access = entries["\(method) \(path)"] else {
            preconditionFailure("\(method) \(path) has no entry in AccessTable")
        }
        return access
    }
}
