import Foundation
import TestSupport
import Testing

@Suite("Single sign-on through nginx", .timeLimit(.minutes(10)))
struct SingleSignOnTests {
    private let demo: RunningDemo
    private let site: SSOSite

    /// A demo of its own: the users here are admins, too, and in another one the last admin would
    /// not be the last any more.
    init() throws {
        demo = try RunningDemo()
        site = try SSOSite(before: demo)
    }

    @Test("Users come from elsewhere through the site that is shipped")
    func throughTheSite() throws {
        try signsOn()
        try otherSites()
        try others()
    }

    private func send(
        _ method: String, _ path: String, as who: String?, _ body: String? = nil,
        headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        var all = ["Sec-Fetch-Site": "same-origin"]
        if let who { all["Cookie"] = "who=\(who)" }
        if body != nil { all["Content-Type"] = "application/json" }
        all.merge(headers) { $1 }
        return try site.client.send(
            HTTPRequest(
                method: method, path: path, host: "localhost",
                headers: all.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) },
                body: Array((body ?? "").utf8)))
    }

    /// Users come by what nginx says; nobody comes by what a client says.
    private func signsOn() throws {
        let email = "\(uniqueName("sso"))@example.com"
        let first = try send("GET", "/v1/session", as: "\(email):staff,support")
        #expect(first.status == 200, "\(first.text)")
        #expect(try JSON(first)["user"]["email"].string == email)
        #expect(try JSON(first)["role"].string == "operator")
        #expect(try JSON(first)["session"].isNull)
        let id = try #require(try JSON(first)["user"]["id"].string)
        // The role follows the groups.
        let second = try send("GET", "/v1/session", as: "\(email):sms-admins")
        #expect(try JSON(second)["role"].string == "admin")
        #expect(try JSON(second)["user"]["id"].string == id)
        let users = try send("GET", "/v1/users", as: "\(email):sms-admins")
        #expect(users.status == 200)
        expectProblem(try send("GET", "/v1/users", as: "\(email):staff"), 403, "missing_role")
        expectProblem(
            try send("GET", "/v1/session", as: "\(email):others"), 403, "sso_without_role")

        // Coming, being made and changed, and being refused are in the audit.
        let audit = try send("GET", "/v1/audit?object=\(id)", as: "\(email):sms-admins")
        let entries = try JSON(audit)["entries"].array
        #expect(entries.compactMap { $0["action"].string }.contains("user.create"))
        #expect(
            entries.contains {
                $0["action"].string == "user.role" && $0["after"]["role"].string == "admin"
            })
        #expect(entries.count { $0["action"].string == "session.create" } == 1)
        #expect(entries.allSatisfy { $0["address"].string == "127.0.0.1" })
        let refusals = try send(
            "GET", "/v1/audit?object=\(email)&action=session.refuse", as: "\(email):sms-admins")
        #expect(
            try JSON(refusals)["entries"].array.map { $0["detail"]["reason"].string }
                == ["sso_without_role"])

        // Nobody is let in by a header, whichever way it is spelt.
        let forged = [
            "SSO_USER": email, "Sso-User": email,
            "Sso-Groups": "sms-admins",
            "X-Auth-Request-Email": email, "X-Auth-Request-Groups": "sms-admins",
        ]
        let refused = try send("GET", "/v1/session", as: nil, headers: forged)
        #expect(refused.status == 401)
        #expect(try JSON(refused)["code"].string == "sign_in_required")
        let viewer = try send("GET", "/v1/session", as: "\(email):staff", headers: forged)
        #expect(try JSON(viewer)["role"].string == "viewer")
        // Nor at the demo's own site, which names nobody.
        let there = try demo.client.send(
            HTTPRequest(path: "/v1/session", headers: forged.map { ($0.key, $0.value) }))
        expectProblem(there, 401, "missing_key")
    }

    /// The same holds against other sites' pages as with a session.
    private func otherSites() throws {
        let who = "\(uniqueName("sso"))@example.com:sms-admins"
        let body = #"{"name":"\#(uniqueName())","scopes":["read"]}"#
        for headers in [
            ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": ""],
            ["Sec-Fetch-Site": "", "Origin": "https://evil.example"],
        ] {
            let answer = try send("POST", "/v1/keys", as: who, body, headers: headers)
            expectProblem(answer, 403, "foreign_origin")
        }
        let form = try send(
            "POST", "/v1/keys", as: who, body, headers: ["Content-Type": "text/plain"])
        #expect(form.status == 415)
        let own = ["Sec-Fetch-Site": "", "Origin": "https://localhost:\(site.client.port)"]
        #expect(try send("POST", "/v1/keys", as: who, body, headers: own).status == 201)
    }

    /// A page is led to the sign-in, and a disabled account is told.
    private func others() throws {
        let page = try send(
            "GET", "/v1/users?a=b", as: nil, headers: ["Sec-Fetch-Mode": "navigate"])
        #expect(page.status == 302)
        #expect(page["location"]?.hasSuffix("/oauth2/start?rd=/v1/users?a=b") == true)
        #expect(try send("GET", "/oauth2/start", as: nil).text == "the sign-in")
        expectProblem(try send("GET", "/oauth2/auth", as: nil), 404, "not_found")

        let email = "\(uniqueName("sso"))@example.com"
        let answer = try send("GET", "/v1/session", as: "\(email):staff")
        let id = try #require(try JSON(answer)["user"]["id"].string)
        try demo.sql("update app_user set is_disabled = true where id = '\(id)'")
        expectProblem(
            try send("GET", "/v1/session", as: "\(email):staff"), 403, "account_disabled")
    }
}
