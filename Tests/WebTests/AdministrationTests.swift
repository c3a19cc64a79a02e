import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Users, keys and the audit", .blocking)
struct AdministrationTests {
    private let web: PeopleServer
    private let admin = People.token(.admin)

    init() throws { web = try PeopleServer() }

    /// The fields of a 422, each with its code.
    private func problems(_ answer: Answer) -> [String: String] {
        let errors = answer.json["errors"] as? [[String: Any]] ?? []
        return Dictionary(
            errors.compactMap { error in
                (error["field"] as? String).flatMap { field in
                    (error["code"] as? String).map { (field, $0) }
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test(
        "A key that has ended, or comes from elsewhere, is refused, and its use is in the audit",
        arguments: [
            (Keys.expired, "expired_key", "expired_key"),
            (Keys.elsewhere, "key_address_not_allowed", "key_address_not_allowed"),
            // The caller is not told that there was such a key.
            (Keys.revoked, "wrong_key", "revoked_key"),
        ])
    func unusableKeys(secret: String, code: String, audited: String) throws {
        let web = try PeopleServer()
        let answer = try web.send(
            "GET", "/v1/users", headers: ["HTTP_AUTHORIZATION": "Bearer \(secret)"])
        #expect(answer.code == code)
        let entries = web.people.state.withLock { $0.entries }
        #expect(entries.map(\.action) == [.refuseRequest])
        #expect(entries.first?.principal?.id.kind == .key)
        #expect(entries.first?.detail == ["code": audited])
    }

    @Test("A new user comes with a one-time link, shown this once")
    func createsUser() throws {
        let answer = try web.send(
            "POST", "/v1/users", as: admin,
            #"{"email":"bob@example.com","name":"Bob","role":"operator"}"#)
        #expect(answer.status == 201)
        let user = try #require(answer.json["user"] as? [String: Any])
        #expect(user["email"] as? String == "bob@example.com")
        #expect(user["role"] as? String == "operator")
        #expect(user["has_password"] as? Bool == false)
        #expect((answer.json["link"] as? [String: Any])?["token"] as? String == "link-token")
        #expect(
            (answer.json["link"] as? [String: Any])?["url"] as? String
                == "\(PeopleServer.origin)/set-password#link-token")
        let list = try web.send("GET", "/v1/users", as: admin)
        #expect((list.json["users"] as? [Any])?.count == 4)
        #expect(!list.body.contains("link-token"))
        let id = try #require(user["id"] as? String)
        #expect(try web.send("GET", "/v1/users/\(id)", as: admin).json["name"] as? String == "Bob")
        let again = try web.send("POST", "/v1/users", as: admin, #"{"email":"bob@example.com"}"#)
        #expect(again.status == 409)
        #expect(again.code == "email_taken")
    }

    @Test(
        "What is wrong with a user is told by field",
        arguments: [
            ("{}", ["email": "missing"]), (#"{"email":null}"#, ["email": "missing"]),
            (#"{"email":7}"#, ["email": "wrong_type"]),
            (#"{"email":"x"}"#, ["email": "bad_address"]),
            (#"{"email":"a@b.c","role":"boss"}"#, ["role": "unknown_role"]),
            (#"{"email":"a@b.c","name":" "}"#, ["name": "bad_name"]),
            (#"{"email":"a@b.c","name":"a\u0000"}"#, ["name": "bad_name"]),
            (#"{"email":"a@b.c","password":"x"}"#, ["password": "unknown_member"]),
            (#"{"email":"a","role":1}"#, ["email": "bad_address", "role": "wrong_type"]),
        ])
    func badUsers(body: String, expected: [String: String]) throws {
        let answer = try web.send("POST", "/v1/users", as: admin, body)
        #expect(answer.status == 422)
        #expect(answer.code == "invalid_fields")
        #expect(problems(answer) == expected)
    }

    @Test(
        "Bodies are read strictly",
        arguments: [
            ("[]", 400, "wrong_shape"), ("{", 400, "not_json"),
            (#"{"a":1,"a":2}"#, 400, "duplicate_key"),
            (#"{"email":"\#(String(repeating: "a", count: 9000))"}"#, 413, "body_too_large"),
        ])
    func strictBodies(body: String, status: Int, code: String) throws {
        for target in ["/v1/users", "/v1/keys", "/v1/session", "/v1/password", "/v1/totp"] {
            let answer = try web.send("POST", target, as: admin, body)
            #expect(answer.status == status, "\(target)")
            #expect(answer.code == code, "\(target)")
        }
    }

    @Test("A user's role, name and access change; the last admin's do not")
    func changesUser() throws {
        let target = "/v1/users/\(People.id(.viewer))"
        let answer = try web.send(
            "PATCH", target, as: admin, #"{"role":"operator","name":"Vi","disabled":true}"#)
        #expect(answer.status == 200)
        #expect(answer.json["role"] as? String == "operator")
        #expect(answer.json["name"] as? String == "Vi")
        #expect(answer.json["disabled"] as? Bool == true)
        #expect(try web.send("PATCH", target, as: admin, #"{"disabled":false}"#).status == 200)
        for body in [#"{"role":"viewer"}"#, #"{"disabled":true}"#] {
            let last = try web.send("PATCH", "/v1/users/\(People.id(.admin))", as: admin, body)
            #expect(last.status == 409)
            #expect(last.code == "last_admin")
        }
        let strange = try web.send("PATCH", target, as: admin, #"{"email":"x@y.z","disabled":1}"#)
        #expect(problems(strange) == ["email": "unknown_member", "disabled": "wrong_type"])
        for id in ["x", "\(MessageID.new(at: .now))"] {
            for (method, path) in [
                ("PATCH", ""), ("GET", ""), ("POST", "/reset"), ("DELETE", "/sessions"),
            ] {
                let unknown = try web.send(
                    method, "/v1/users/\(id)\(path)", as: admin,
                    method == "GET" || method == "DELETE" ? nil : "{}")
                #expect(unknown.status == 404)
                #expect(unknown.code == "unknown_user")
            }
        }
    }

    @Test("A reset gives a new link, with a body or without; sessions are ended and counted")
    func resets() throws {
        let target = "/v1/users/\(People.id(.operator))"
        for body in [nil, "{}"] as [String?] {
            let answer = try web.send("POST", target + "/reset", as: admin, body)
            #expect(answer.status == 200)
            #expect((answer.json["link"] as? [String: Any])?["token"] as? String == "reset-token")
        }
        #expect(
            problems(try web.send("POST", target + "/reset", as: admin, #"{"a":1}"#)) == [
                "a": "unknown_member"
            ])
        let ended = try web.send("DELETE", target + "/sessions", as: admin)
        #expect(ended.status == 200)
        #expect(ended.json["ended"] as? Int == 1)
    }

    @Test("A key's secret is shown once, and the key says who made it")
    func createsKey() throws {
        let answer = try web.send(
            "POST", "/v1/keys", as: admin,
            #"{"name":"shop","scopes":["send","read"],"expires_at":"2099-01-01T00:00:00Z","addresses":["192.0.2.0/24","2001:db8::1"]}"#
        )
        #expect(answer.status == 201)
        let secret = try #require(answer.json["secret"] as? String)
        #expect(secret.hasPrefix("wb_") && secret.count == 46)
        let key = try #require(answer.json["key"] as? [String: Any])
        #expect(key["scopes"] as? [String] == ["read", "send"])
        #expect(key["expires_at"] as? String == "2099-01-01T00:00:00.000Z")
        #expect(key["addresses"] as? [String] == ["192.0.2.0/24", "2001:db8::1"])
        #expect((key["created_by"] as? [String: Any])?["name"] as? String == "admin@example.com")
        let list = try web.send("GET", "/v1/keys", as: admin)
        #expect((list.json["keys"] as? [Any])?.count == 1)
        #expect(!list.body.contains("wb_"))
        #expect(!list.body.contains("hash"))
        for (result, code) in [
            (APIKeyCreation.nameTaken, "key_name_taken"), (.tooMany, "too_many_keys"),
        ] {
            web.register.result.withLock { $0 = result }
            let refused = try web.send(
                "POST", "/v1/keys", as: admin, #"{"name":"shop","scopes":["read"]}"#)
            #expect(refused.status == 409)
            #expect(refused.code == code)
        }
    }

    @Test(
        "What is wrong with a key is told by field",
        arguments: [
            ("{}", ["name": "missing", "scopes": "missing"]),
            (#"{"name":" a","scopes":[]}"#, ["name": "bad_name", "scopes": "empty"]),
            (#"{"name":"a","scopes":"read"}"#, ["scopes": "wrong_type"]),
            (
                #"{"name":"a","scopes":["read",1,"all"]}"#,
                ["scopes[1]": "wrong_type", "scopes[2]": "unknown_scope"]
            ),
            (
                #"{"name":"a","scopes":["read"],"expires_at":"2020-01-01T00:00:00Z"}"#,
                ["expires_at": "in_the_past"]
            ),
            (
                #"{"name":"a","scopes":["read"],"expires_at":"tomorrow"}"#,
                ["expires_at": "bad_time"]
            ),
            (
                #"{"name":"a","scopes":["read"],"addresses":["10.0.0.1/8","::1"]}"#,
                ["addresses[0]": "bad_address"]
            ),
            (#"{"name":"a","scopes":["read"],"hash":"x"}"#, ["hash": "unknown_member"]),
        ])
    func badKeys(body: String, expected: [String: String]) throws {
        let answer = try web.send("POST", "/v1/keys", as: admin, body)
        #expect(answer.status == 422)
        #expect(problems(answer) == expected)
        #expect(web.register.drafts.withLock { $0 }.isEmpty)
    }

    @Test("A key is revoked by its id, once")
    func revokes() throws {
        #expect(try web.send("DELETE", "/v1/keys/\(Keys.id(3))", as: admin).status == 204)
        for id in ["\(Keys.id(4))", "shop"] {
            let unknown = try web.send("DELETE", "/v1/keys/\(id)", as: admin)
            #expect(unknown.status == 404)
            #expect(unknown.code == "unknown_key")
        }
    }

    private func record(_ number: Int64) -> AuditRecord {
        AuditRecord(
            number: number, at: Samples.time(number), action: "user.role", object: "o",
            principal: number == 1
                ? nil : Submitter(id: .user(People.id(.admin)), name: "admin@example.com"),
            requestID: "r", address: "192.0.2.7", detail: "{}", before: #"{"role": "viewer"}"#,
            after: #"{"role": "admin"}"#)
    }

    @Test("The audit is read page by page, and a cursor belongs to its filter")
    func audit() throws {
        web.people.state.withLock { $0.records = (1...5).reversed().map(record) }
        let first = try web.send("GET", "/v1/audit?limit=2&action=user.role", as: admin)
        #expect(first.status == 200)
        let entries = try #require(first.json["entries"] as? [[String: Any]])
        #expect(entries.map { $0["number"] as? Int } == [5, 4])
        #expect((entries[0]["before"] as? [String: Any])?["role"] as? String == "viewer")
        #expect((entries[0]["principal"] as? [String: Any])?["kind"] as? String == "user")
        let next = try #require(first.json["next"] as? String)
        let second = try web.send(
            "GET", "/v1/audit?limit=3&action=user.role&cursor=\(next)", as: admin)
        let rest = try #require(second.json["entries"] as? [[String: Any]])
        #expect(rest.map { $0["number"] as? Int } == [3, 2, 1])
        #expect(rest[2]["principal"] is NSNull)
        #expect(second.json["next"] is NSNull)
        for query in [
            "cursor=\(next)", "action=user.create&cursor=\(next)", "action=user.role&cursor=AAAA",
            "action=user.role&cursor=\(next)A", "action=user.role&cursor=",
        ] {
            let refused = try web.send("GET", "/v1/audit?\(query)", as: admin)
            #expect(refused.status == 400)
            #expect(refused.code == "bad_query")
            #expect(refused.json["place"] as? String == "cursor")
        }
    }

    @Test("The audit's filters are handed on, and wrong ones name themselves")
    func auditFilters() throws {
        let id = People.id(.admin)
        _ = try web.send(
            "GET",
            "/v1/audit?action=key.create&principal=\(id)&object=o&since=2026-11-20T00:00:00Z"
                + "&until=2026-11-21T00:00:00Z&address=192.0.2.7&request_id=r", as: admin)
        let (filter, position, limit) = try #require(web.people.state.withLock { $0.asked.last })
        #expect(filter.action == .createKey)
        #expect(filter.principal == .id(Identifier(high: id.high, low: id.low)))
        #expect(filter.object == "o" && filter.address == "192.0.2.7" && filter.requestID == "r")
        #expect(filter.since?.description == "2026-11-20T00:00:00.000Z")
        #expect(filter.until?.description == "2026-11-21T00:00:00.000Z")
        #expect(position == nil && limit == 51)
        _ = try web.send("GET", "/v1/audit?principal=ann@example.com", as: admin)
        #expect(
            web.people.state.withLock { $0.asked.last?.0.principal } == .name("ann@example.com"))
        for (query, place) in [
            ("action=x", "action"), ("since=yesterday", "since"), ("until=1", "until"),
            ("limit=0", "limit"), ("limit=201", "limit"), ("who=x", "who"), ("object=", "object"),
        ] {
            let refused = try web.send("GET", "/v1/audit?\(query)", as: admin)
            #expect(refused.status == 400, "\(query)")
            #expect(refused.json["place"] as? String == place)
        }
    }
}
