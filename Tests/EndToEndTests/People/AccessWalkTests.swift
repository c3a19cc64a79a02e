import Domain
import Foundation
import TestSupport
import Testing

@testable import Web

/// Every route of the responder, through nginx, with every kind of caller; compared with the table.
@Suite("Every route and every caller", .timeLimit(.minutes(10)))
struct AccessWalkTests {
    /// The codes of those who are not let in.
    private static let refusals: Set = [
        "missing_key", "wrong_key", "expired_key", "key_address_not_allowed", "session_ended",
        "missing_scope", "missing_role", "not_for_keys", "totp_required", "foreign_origin",
        "two_credentials",
    ]

    /// By the route: who must be let in. A link lets everybody choose a password.
    private static let entries = AccessTable.entries.sorted { $0.key < $1.key }.map { entry in
        (entry.key, entry.key == "POST /v1/password" ? Access.session : entry.value)
    }.filter { $0.1 != .provider }

    /// A request that the route refuses for its contents if it lets the caller in: nothing must
    /// happen in a demo that others use.
    private func request(_ entry: String, _ headers: [String: String]) -> HTTPRequest {
        let parts = entry.split(separator: " ").map { String($0) }
        let path = parts[1].split(separator: "/").map { $0.hasPrefix("{") ? "none" : $0 }
        // Only its body says whether it needs a session.
        let query = entry == "POST /v1/password" ? "" : "?no_such_parameter=1"
        var headers = headers
        var body: [UInt8] = []
        if ["POST", "PATCH", "PUT"].contains(parts[0]) {
            headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
            body = Array(#"{"no such member":1}"#.utf8)
        }
        return HTTPRequest(
            method: parts[0], path: "/" + path.joined(separator: "/") + query,
            headers: headers.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) }, body: body)
    }

    /// Nil for a caller who is let in.
    private func refusal(
        _ demo: RunningDemo, _ entry: String, _ headers: [String: String]
    ) throws -> String? {
        let answer = try demo.client.send(request(entry, headers))
        let isWell = answer.status < 500 || entry == "GET /health/ready"
        #expect(isWell, "\(entry): \(answer.text)")
        #expect(answer.status != 405, "\(entry)")
        let code = (try? JSON(answer))?["code"].string
        #expect(code != "not_found", "\(entry)")
        return code.flatMap { Self.refusals.contains($0) ? $0 : nil }
    }

    private static func isOpen(_ access: Access) -> Bool {
        switch access {
        case .everybody, .localOrCallers: true
        case .provider, .callers, .users, .session: false
        }
    }

    @Test("Keys: none, of each scope, revoked, expired, and from elsewhere")
    func keys() throws {
        let demo = try RunningDemo.shared
        let settings = ["DATABASE_URL": demo.document.database_url]
        func make(_ scope: String, _ more: String...) throws -> (name: String, key: String) {
            let name = uniqueName(scope)
            let made = try WaybillProgram.run(
                ["key", "create", "--name", name, "--scope", scope] + more, settings)
            try #require(made.exit == .status(0), "\(made.errors)")
            return (name, made.output.trimmingCharacters(in: .newlines))
        }
        var keys: [(key: String, scope: String?, code: String)] = []
        for scope in ["read", "send", "admin"] {
            keys.append((try make(scope).key, scope, ""))
        }
        let revoked = try make("read,send,admin")
        _ = try WaybillProgram.run(["key", "revoke", "--name", revoked.name], settings)
        keys.append((revoked.key, nil, "wrong_key"))
        let expired = try make("read,send,admin", "--expires", "1d")
        try demo.sql(
            "update api_key set expires_at = now() - interval '1 s' where name = '\(expired.name)'")
        keys.append((expired.key, nil, "expired_key"))
        let elsewhere = try make("read,send,admin", "--address", "192.0.2.0/24,2001:db8::1")
        keys.append((elsewhere.key, nil, "key_address_not_allowed"))
        keys.append((elsewhere.key + "A", nil, "wrong_key"))

        for (entry, access) in Self.entries {
            let isOpen = Self.isOpen(access)
            #expect(try refusal(demo, entry, [:]) == (isOpen ? nil : "missing_key"), "\(entry)")
            for key in keys {
                let expected: String? =
                    if isOpen {
                        nil
                    } else if let scope = key.scope {
                        access.scope == nil
                            ? "not_for_keys"
                            : access.scope?.rawValue == scope ? nil : "missing_scope"
                    } else {
                        key.code
                    }
                #expect(
                    try refusal(demo, entry, ["Authorization": "Bearer \(key.key)"]) == expected,
                    "\(entry): \(key.scope ?? key.code)")
            }
        }
    }

    @Test("People: each role, an expired session, a disabled user's, foreign pages, and a key too")
    func people() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let viewer = try demo.browser("viewer", by: admin)
        let other = try demo.browser("operator", by: admin)
        let expired = try demo.browser("operator", by: admin)
        let disabled = try demo.makeUser("operator", by: admin)
        let closed = Browser(demo.client)
        _ = try closed.signIn(disabled.email, RunningDemo.password)
        let expiredID =
            try JSON(try expired.send("GET", "/v1/session"))["session"]["id"].string ?? ""
        try demo.sql(
            "update session set last_active_at = now() - interval '31 min' where id = '\(expiredID)'"
        )
        // Behind the API's back: a session that was left over must not be enough.
        try demo.sql("update app_user set is_disabled = true where id = '\(disabled.id)'")

        for (entry, access) in Self.entries {
            let isOpen = Self.isOpen(access)
            let isUnsafe = !entry.hasPrefix("GET ")
            func page(_ browser: Browser, _ more: [String: String] = [:]) throws -> String? {
                try refusal(
                    demo, entry,
                    ["Cookie": browser.sent ?? "", "Sec-Fetch-Site": "same-origin"]
                        .merging(more) { $1 })
            }
            // Signing out works, and must not end the sessions of this test.
            let endsItself = entry == "DELETE /v1/session"
            for (rank, browser) in [viewer, other, admin].enumerated() where !endsItself {
                let least =
                    switch access.role {
                    case .viewer?, nil: 0
                    case .operator?: 1
                    case .admin?: 2
                    }
                #expect(
                    try page(browser) == (rank >= least || isOpen ? nil : "missing_role"),
                    "\(entry) as number \(rank)")
            }
            for browser in [expired, closed] {
                #expect(try page(browser) == (isOpen ? nil : "session_ended"), "\(entry)")
            }
            // Whoever asks for what everybody may see is not asked who it is.
            let isCheckedAtOnce = !isOpen || entry == "POST /v1/session"
            for origin in [
                ["Sec-Fetch-Site": "cross-site"],
                ["Sec-Fetch-Site": "", "Origin": "https://evil.example"],
            ] {
                #expect(
                    try page(admin, origin)
                        == (isUnsafe && isCheckedAtOnce ? "foreign_origin" : nil), "\(entry)")
            }
            if isUnsafe, !isOpen {
                #expect(try page(admin, ["Sec-Fetch-Site": ""]) == "foreign_origin", "\(entry)")
                let form = ["Content-Type": "application/x-www-form-urlencoded"]
                let headers = ["Cookie": admin.sent ?? "", "Sec-Fetch-Site": "same-origin"]
                let answer = try demo.client.send(request(entry, headers.merging(form) { $1 }))
                #expect(answer.status == 415, "\(entry)")
            }
            if isCheckedAtOnce {
                #expect(
                    try page(admin, ["Authorization": "Bearer \(demo.document.api_key)"])
                        == "two_credentials", "\(entry)")
            }
        }
    }
}
