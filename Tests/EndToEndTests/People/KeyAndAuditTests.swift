import Foundation
import TestSupport
import Testing

@Suite("Keys and the audit through nginx", .timeLimit(.minutes(10)))
struct KeyAndAuditTests {
    @Test("A key is made, used, listed and revoked; its secret is shown once")
    func keys() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let name = uniqueName("key")
        let made = try admin.send(
            "POST", "/v1/keys",
            #"{"name":"\#(name)","scopes":["admin"],"addresses":["127.0.0.0/8"],"expires_at":"2099-01-01T00:00:00Z"}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let secret = try #require(try JSON(made)["secret"].string)
        let id = try #require(try JSON(made)["key"]["id"].string)
        #expect(try demo.api("/v1/status", key: secret).status == 200)
        let list = try admin.send("GET", "/v1/keys")
        #expect(!list.text.contains(secret))
        let key = try #require(
            try JSON(list)["keys"].array.first { $0["id"].string == id })
        #expect(key["name"].string == name)
        #expect(key["created_by"]["name"].string == demo.document.user.email)
        #expect(key["addresses"][0].string == "127.0.0.0/8")
        #expect(key["last_used_at"].string != nil)
        expectProblem(
            try admin.send("POST", "/v1/keys", #"{"name":"\#(name)","scopes":["read"]}"#), 409,
            "key_name_taken")

        // Seconds later it ends by itself.
        try demo.sql("update api_key set expires_at = now() where id = '\(id)'")
        expectProblem(try demo.api("/v1/status", key: secret), 401, "expired_key")
        try demo.sql(
            "update api_key set expires_at = null, addresses = '{192.0.2.0/24}' where id = '\(id)'")
        expectProblem(try demo.api("/v1/status", key: secret), 403, "key_address_not_allowed")
        try demo.sql("update api_key set addresses = null where id = '\(id)'")
        #expect(try admin.send("DELETE", "/v1/keys/\(id)").status == 204)
        expectProblem(try demo.api("/v1/status", key: secret), 401, "wrong_key")
        expectProblem(try admin.send("DELETE", "/v1/keys/\(id)"), 404, "unknown_key")
    }

    @Test("What people do is in the audit, from whom and from where, before and after")
    func audit() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let user = try demo.makeUser("viewer", by: admin)
        let changed = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"role":"operator"}"#)
        let entries = try JSON(try admin.send("GET", "/v1/audit?object=\(user.id)"))["entries"]
            .array
        let actions = entries.compactMap { $0["action"].string }
        #expect(actions.first == "user.role")
        #expect(Set(actions).isSuperset(of: ["user.create", "user.password", "user.role"]))
        let role = try #require(entries.first)
        #expect(role["before"]["role"].string == "viewer")
        #expect(role["after"]["role"].string == "operator")
        #expect(role["principal"]["name"].string == demo.document.user.email)
        #expect(role["principal"]["kind"].string == "user")
        #expect(role["address"].string == "127.0.0.1")
        #expect(role["request_id"].string == changed["x-request-id"])

        // Found by each filter, and by all at once.
        let at = try #require(role["at"].string)
        for query in [
            "request_id=\(changed["x-request-id"] ?? "")", "object=\(user.id)&action=user.role",
            "principal=\(demo.document.user.email)&object=\(user.id)&address=127.0.0.1&since=\(at)",
        ] {
            let found = try JSON(try admin.send("GET", "/v1/audit?\(query)"))["entries"].array
            #expect(found.contains { $0["number"].int == role["number"].int }, "\(query)")
        }

        // Refused sign-ins, of known and unknown addresses, without the password.
        let unknown = "\(uniqueName())@example.com"
        for email in [user.email, unknown] {
            _ = try Browser(demo.client).signIn(email, "a wrong password")
        }
        let refused = try admin.send("GET", "/v1/audit?action=session.refuse&limit=200")
        #expect(refused.text.contains(unknown))
        #expect(!refused.text.contains("a wrong password"))
        // A refusal for lack of rights.
        let browser = Browser(demo.client)
        _ = try browser.signIn(user.email, RunningDemo.password)
        let forbidden = try browser.send("GET", "/v1/audit")
        expectProblem(forbidden, 403, "missing_role")
        // Refusals are written beside the answer.
        let query = "/v1/audit?request_id=\(forbidden["x-request-id"] ?? "")"
        let isThere = try waitUntil(within: .seconds(20)) {
            try JSON(try admin.send("GET", query))["entries"][0]["action"].string != nil
        }
        #expect(isThere)
        let entry = try JSON(try admin.send("GET", query))["entries"][0]
        #expect(entry["action"].string == "request.refuse")
        #expect(entry["object"].string == "GET /v1/audit")
        #expect(entry["principal"]["name"].string == user.email)

        // No hash, token or password anywhere.
        let all = try admin.send("GET", "/v1/audit?limit=200").text
        #expect(!all.contains("$y$") && !all.contains(RunningDemo.password))
    }

    @Test("Sending is in the audit with its request, and the pages of the audit fit together")
    func sendsAndPages() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let sent = try admin.send("POST", "/v1/messages", #"{"to":"+447700900123","text":"Hello"}"#)
        #expect(sent.status == 202, "\(sent.text)")
        let id = try #require(try JSON(sent)["send_request_id"].string)
        let entry = try JSON(try admin.send("GET", "/v1/audit?object=\(id)"))["entries"][0]
        #expect(entry["action"].string == "message.send")
        #expect(entry["detail"]["messages"].string == "1")
        #expect(entry["request_id"].string == sent["x-request-id"])
        #expect(entry["principal"]["name"].string == demo.document.user.email)

        // So that four pages are full, whatever other tests do.
        for _ in 0..<8 {
            let more = try admin.send(
                "POST", "/v1/messages", #"{"to":"+447700900123","text":"Hello"}"#)
            #expect(more.status == 202, "\(more.text)")
        }
        var numbers: [Int] = []
        var cursor = ""
        let until = "2099-01-01T00:00:00Z"
        for _ in 0..<4 {
            let page = try JSON(
                try admin.send("GET", "/v1/audit?limit=2&until=\(until)\(cursor)"))
            numbers += page["entries"].array.compactMap { $0["number"].int }
            guard let next = page["next"].string else { break }
            cursor = "&cursor=\(next)"
        }
        #expect(numbers.count == 8)
        #expect(Set(numbers).count == numbers.count)
        expectProblem(
            try admin.send("GET", "/v1/audit?until=2098-01-01T00:00:00Z\(cursor)"), 400, "bad_query"
        )
    }
}
