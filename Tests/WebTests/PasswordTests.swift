import Domain
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Passwords, second factors and single sign-on", .blocking)
struct PasswordTests {
    private let web: PeopleServer
    private let viewer = People.token(.viewer)
    private static let long = "a password of its own"

    init() throws { web = try PeopleServer() }

    @Test("A one-time link takes a password, without a session")
    func byLink() throws {
        let answer = try web.send(
            "POST", "/v1/password", #"{"token":"good","password":"\#(Self.long)"}"#)
        #expect(answer.status == 200)
        #expect(
            (answer.json["user"] as? [String: Any])?["email"] as? String == "viewer@example.com")
        let wrong = try web.send(
            "POST", "/v1/password", #"{"token":"bad","password":"\#(Self.long)"}"#)
        #expect(wrong.status == 400)
        #expect(wrong.code == "wrong_link")
        let short = try web.send("POST", "/v1/password", #"{"token":"good","password":"x"}"#)
        #expect(short.status == 422)
        let error = try #require((short.json["errors"] as? [[String: Any]])?.first)
        #expect(error["field"] as? String == "password")
        #expect(error["code"] as? String == "too_short")
        #expect(error["detail"] as? String == "The password must have at least 15 characters.")
    }

    @Test("One's own password changes with the present one, and the cookie gets a new token")
    func ownChange() throws {
        func change(_ body: String, _ token: String? = nil) throws -> Answer {
            try web.send("POST", "/v1/password", as: token, body)
        }
        let body = #"{"password":"right","new_password":"\#(Self.long)"}"#
        let answer = try change(body, viewer)
        #expect(answer.status == 204)
        #expect(answer.header("Set-Cookie")?.contains(People.token(filled: 78)) == true)
        #expect(try change(body).status == 401)
        let wrong = try change(#"{"password":"wrong","new_password":"x"}"#, viewer)
        #expect(wrong.status == 403)
        #expect(wrong.code == "wrong_password")
        #expect(try change(#"{"password":"right"}"#, viewer).status == 422)
        #expect(try change(#"{"token":"good","password":"a","new_password":"b"}"#).status == 422)
    }

    @Test("A second factor is set up, renewed and removed; each asks for the password again")
    func totp() throws {
        func post(_ path: String, _ body: String) throws -> Answer {
            try web.send("POST", "/v1/totp" + path, as: viewer, body)
        }
        let start = try post("", #"{"password":"right"}"#)
        #expect(start.json["secret"] as? String == "JBSW")
        #expect(start.json["otpauth_url"] as? String == "otpauth://totp/a")
        let confirm = try post("/confirm", #"{"code":"123456"}"#)
        #expect(confirm.json["recovery_codes"] as? [String] == ["aaaa-bbbb"])
        #expect(confirm.header("Set-Cookie") != nil)
        #expect(try post("/confirm", #"{"code":"1"}"#).code == "wrong_code")
        #expect(try post("/confirm", #"{"code":"1"}"#).status == 403)
        let codes = try post("/recovery-codes", #"{"password":"right"}"#)
        #expect(codes.json["recovery_codes"] as? [String] == ["cccc-dddd"])
        #expect(try post("/remove", #"{"password":"right"}"#).status == 204)
        for path in ["", "/recovery-codes", "/remove"] {
            #expect(try post(path, #"{"password":"wrong"}"#).code == "wrong_password")
            #expect(try post(path, "{}").status == 422)
        }
        web.people.state.withLock { $0.failure = .totpDemanded }
        #expect(try post("/remove", #"{"password":"right"}"#).code == "totp_demanded")
    }

    private static let settings = SingleSignOnSettings(
        userParameter: "SSO_USER", groupsParameter: "SSO_GROUPS",
        roles: ["sms-admins": .admin, "support": .operator, "all": .viewer])

    @Test("nginx names a user, who is made at the first visit and has the groups' highest role")
    func singleSignOn() throws {
        let web = try PeopleServer(singleSignOn: Self.settings)
        func get(_ headers: [String: String]) throws -> Answer {
            try web.send("GET", "/v1/session", headers: headers)
        }
        let answer = try get([
            "SSO_USER": "new@example.com", "SSO_GROUPS": "staff, all,sms-admins",
        ])
        #expect(answer.status == 200)
        #expect(answer.json["role"] as? String == "admin")
        #expect((answer.json["user"] as? [String: Any])?["email"] as? String == "new@example.com")
        #expect(try get(["HTTP_SSO_USER": "new@example.com"]).status == 401)
        #expect(try get(["SSO_USER": "", "SSO_GROUPS": "all"]).status == 401)
        #expect(try get(["SSO_USER": "a@b.c"]).code == "sso_without_role")
        #expect(
            try get(["SSO_USER": "a@b.c", "SSO_GROUPS": "x"]).code
                == "sso_without_role")
        #expect(
            try get(["SSO_USER": "ann", "SSO_GROUPS": "all"]).code
                == "sso_without_address")
        #expect(
            web.people.state.withLock { $0.entries }.map {
                [$0.action.rawValue, $0.object, $0.detail["reason"] ?? ""]
            } == [
                ["session.refuse", "a@b.c", "sso_without_role"],
                ["session.refuse", "a@b.c", "sso_without_role"],
                ["session.refuse", "not an address", "sso_without_address"],
            ])
        // The account's own role may be lower than the groups'.
        let least = try get([
            "SSO_USER": "viewer@example.com", "SSO_GROUPS": "sms-admins",
        ])
        #expect(least.json["role"] as? String == "viewer")
    }

    @Test("With single sign-on the same holds against other sites, and nothing is to be set here")
    func singleSignOnRules() throws {
        let web = try PeopleServer(singleSignOn: Self.settings)
        let named = ["SSO_USER": "new@example.com", "SSO_GROUPS": "sms-admins"]
        func post(_ target: String, _ body: String, _ more: [String: String] = [:]) throws -> Answer
        {
            try web.send("POST", target, body, headers: named.merging(more) { $1 })
        }
        let user = #"{"email":"bob@example.com"}"#
        #expect(try post("/v1/users", user).status == 201)
        #expect(try post("/v1/users", user, ["HTTP_SEC_FETCH_SITE": "cross-site"]).status == 403)
        #expect(try post("/v1/users", user, ["HTTP_SEC_FETCH_SITE": ""]).status == 403)
        #expect(try post("/v1/users", user, ["CONTENT_TYPE": "text/plain"]).status == 415)
        let elsewhere = try post("/v1/totp", #"{"password":"right"}"#)
        #expect(elsewhere.status == 409)
        #expect(elsewhere.code == "signed_in_elsewhere")
        // A session counts before what nginx says.
        let answer = try web.send("GET", "/v1/session", as: viewer, headers: named)
        #expect(answer.json["role"] as? String == "viewer")
    }

    @Test("Without the setting nobody is named by a parameter")
    func singleSignOnIsOff() throws {
        let answer = try web.send(
            "GET", "/v1/session",
            headers: ["SSO_USER": "new@example.com", "SSO_GROUPS": "sms-admins"])
        #expect(answer.status == 401)
    }
}

@Suite("Where a request was made")
struct OriginTests {
    @Test(
        "Sec-Fetch-Site decides, else Origin, and contradictions are foreign",
        arguments: [
            ("same-origin", nil, OriginCheck.Verdict.ours), ("same-origin", "null", .ours),
            ("same-origin", "https://sms.example.com", .ours),
            // TLS ends before nginx, or a port is mapped.
            ("same-origin", "http://SMS.example.com:8443", .ours),
            ("same-origin", "https://evil.example", .foreign),
            ("same-site", "https://sms.example.com", .foreign), ("none", nil, .foreign),
            ("", nil, .foreign), ("Same-Origin", nil, .foreign),
            (nil, nil, .silent), (nil, "null", .foreign), (nil, "", .foreign),
            (nil, "https://sms.example.com", .ours), (nil, "https://sms.example.com:443", .ours),
            (nil, "HTTPS://SMS.EXAMPLE.COM", .ours), (nil, "http://sms.example.com", .foreign),
            (nil, "https://sms.example.com:8443", .foreign),
            (nil, "https://sms.example.com.evil.example", .foreign),
            (nil, "https://evil.example/https://sms.example.com", .foreign),
        ] as [(String?, String?, OriginCheck.Verdict)])
    func verdicts(site: String?, origin: String?, verdict: OriginCheck.Verdict) {
        #expect(
            OriginCheck.verdict(fetchSite: site, origin: origin, own: "https://sms.example.com")
                == verdict)
    }
}
