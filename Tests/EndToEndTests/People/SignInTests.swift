import Foundation
import TestSupport
import Testing

@Suite("People sign in through nginx", .timeLimit(.minutes(10)))
struct SignInTests {
    @Test("The demo's admin signs in, is known, and signs out")
    func admin() throws {
        let demo = try RunningDemo.shared
        let browser = Browser(demo.client)
        let answer = try browser.signIn(demo.document.user.email, demo.document.user.password)
        #expect(answer.status == 200, "\(answer.text)")
        expectCommonHeaders(answer)
        let cookie = try #require(answer["set-cookie"])
        #expect(
            cookie.firstMatch(
                of: /^__Host-waybill=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/
            )
                != nil, "\(cookie)")
        let first = browser.sent
        #expect(try JSON(answer)["role"].string == "admin")
        let me = try browser.send("GET", "/v1/session")
        #expect(try JSON(me)["user"]["email"].string == demo.document.user.email)
        let token = try #require(first?.dropFirst("__Host-waybill=".count))
        #expect(!me.text.contains(token) && !answer.text.contains(token))
        // A new token at each sign-in, and the earlier session is over.
        _ = try browser.signIn(demo.document.user.email, demo.document.user.password)
        #expect(browser.sent != first)
        let earlier = try Browser(demo.client).send(
            "GET", "/v1/session", headers: ["Cookie": first ?? ""])
        expectProblem(earlier, 401, "session_ended")

        let sent = try #require(browser.sent)
        #expect(try browser.send("DELETE", "/v1/session").status == 204)
        #expect(browser.sent == nil)
        let after = try browser.send("GET", "/v1/session", headers: ["Cookie": sent])
        expectProblem(after, 401, "session_ended")
        #expect(after["set-cookie"]?.contains("Max-Age=0") == true)
    }

    @Test("A wrong password, an unknown address and a disabled account are answered alike")
    func alike() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let disabled = try demo.makeUser("viewer", by: admin)
        let answer = try admin.send(
            "PATCH", "/v1/users/\(disabled.id)", #"{"disabled":true}"#)
        #expect(answer.status == 200, "\(answer.text)")
        let known = try demo.makeUser("viewer", by: admin)
        var bodies: Set<String> = []
        var times: [Duration] = []
        for (email, password) in [
            (known.email, "a wrong password"), ("\(uniqueName())@example.com", "a wrong password"),
            (disabled.email, RunningDemo.password), (uniqueName(), "a wrong password"),
        ] {
            let start = ContinuousClock.now
            let refused = try Browser(demo.client).signIn(email, password)
            times.append(.now - start)
            expectProblem(refused, 401, "wrong_credentials")
            #expect(refused["set-cookie"] == nil)
            let id = try #require(refused["x-request-id"])
            bodies.insert(refused.text.replacingOccurrences(of: id, with: ""))
        }
        #expect(bodies.count == 1)
        // Each is held back for the same time; a busy machine adds to it.
        #expect(times.allSatisfy { $0 > .milliseconds(200) }, "\(times)")
    }

    @Test("From the fifth failure on an account waits, and an admin lets it in again")
    func throttled() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let user = try demo.makeUser("viewer", by: admin)
        let browser = Browser(demo.client)
        var last: HTTPAnswer?
        for _ in 0..<8 where last?.status != 429 {
            last = try browser.signIn(user.email, "a wrong password")
        }
        let refused = try #require(last)
        expectProblem(refused, 429, "too_many_attempts")
        #expect((Int(refused["retry-after"] ?? "") ?? 0) >= 1)
        // Also with the right password.
        #expect(try browser.signIn(user.email, RunningDemo.password).status == 429)
        #expect(
            try admin.send("PATCH", "/v1/users/\(user.id)", #"{"disabled":false}"#).status == 200)
        #expect(try browser.signIn(user.email, RunningDemo.password).status == 200)
    }

    @Test("Disabling, a reset and a password change end sessions")
    func ends() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let user = try demo.makeUser("operator", by: admin)
        let (one, other) = (Browser(demo.client), Browser(demo.client))
        for browser in [one, other] {
            #expect(try browser.signIn(user.email, RunningDemo.password).status == 200)
        }
        #expect(try JSON(try one.send("GET", "/v1/sessions"))["sessions"].array.count == 2)
        let before = one.sent
        let changed = try one.send(
            "POST", "/v1/password",
            #"{"password":"\#(RunningDemo.password)","new_password":"six loud hedgehogs there"}"#)
        #expect(changed.status == 204, "\(changed.text)")
        #expect(one.sent != before)
        #expect(try one.send("GET", "/v1/session").status == 200)
        expectProblem(try other.send("GET", "/v1/session"), 401, "session_ended")

        // Another role: a new token with the next answer.
        let token = one.sent
        _ = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"role":"viewer"}"#)
        #expect(try JSON(try one.send("GET", "/v1/session"))["role"].string == "viewer")
        #expect(one.sent != token && one.sent != nil)
        #expect(try one.send("GET", "/v1/session").status == 200)

        let reset = try admin.send("POST", "/v1/users/\(user.id)/reset", "{}")
        #expect(reset.status == 200, "\(reset.text)")
        expectProblem(try one.send("GET", "/v1/session"), 401, "session_ended")
        expectProblem(
            try one.signIn(user.email, "six loud hedgehogs there"), 401, "wrong_credentials")
        let link = try #require(try JSON(reset)["link"]["token"].string)
        let body = #"{"token":"\#(link)","password":"seven calm hedgehogs"}"#
        #expect(try one.send("POST", "/v1/password", body).status == 200)
        expectProblem(try one.send("POST", "/v1/password", body), 400, "wrong_link")
        #expect(try one.signIn(user.email, "seven calm hedgehogs").status == 200)

        _ = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"disabled":true}"#)
        expectProblem(try one.send("GET", "/v1/session"), 401, "session_ended")
    }

    @Test("The last admin can be neither disabled nor demoted")
    func lastAdmin() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let me = try JSON(try admin.send("GET", "/v1/session"))["user"]["id"].string ?? ""
        // Other tests make no admins.
        for body in [#"{"disabled":true}"#, #"{"role":"viewer"}"#] {
            expectProblem(try admin.send("PATCH", "/v1/users/\(me)", body), 409, "last_admin")
        }
    }

    @Test("No page of another site acts with the reader's session")
    func otherSites() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let body = #"{"name":"\#(uniqueName())","scopes":["read"]}"#
        for headers in [
            ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
            ["Sec-Fetch-Site": "", "Origin": "https://evil.example"],
            ["Sec-Fetch-Site": "", "Origin": "https://127.0.0.1:1"],
            ["Sec-Fetch-Site": "", "Origin": "null"], ["Sec-Fetch-Site": "", "Origin": ""],
        ] {
            expectProblem(
                try admin.send("POST", "/v1/keys", body, headers: headers), 403, "foreign_origin")
        }
        for type in ["text/plain", "application/x-www-form-urlencoded"] {
            expectProblem(
                try admin.send("POST", "/v1/keys", body, headers: ["Content-Type": type]), 415,
                "unsupported_media_type")
        }
        expectProblem(
            try admin.send(
                "GET", "/v1/keys", headers: ["Authorization": "Bearer \(demo.document.api_key)"]),
            400, "two_credentials")
        // An older browser sends no Sec-Fetch-Site.
        #expect(
            try admin.send("POST", "/v1/keys", body, headers: ["Sec-Fetch-Site": ""]).status == 201)
    }

    @Test("No cookie and no password is in a log")
    func logs() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        _ = try admin.send("GET", "/v1/users")
        _ = try Browser(demo.client).signIn("a@b.c", "a-secret-in-a-body")
        let token = String((admin.sent ?? "none").dropFirst("__Host-waybill=".count))
        let logs = try FileManager.default.subpathsOfDirectory(atPath: demo.directory)
            .filter { $0.hasSuffix(".log") }
        #expect(logs.count > 2)
        // nginx writes its log within a second.
        let mark = uniqueName()
        _ = try admin.send("GET", "/v1/\(mark)")
        let isWritten = waitUntil(within: .seconds(20)) {
            let log = try? String(
                contentsOfFile: demo.directory + "/nginx/nginx.access.log", encoding: .utf8)
            return log?.contains(mark) == true
        }
        #expect(isWritten)
        for name in logs {
            let text = try String(contentsOfFile: "\(demo.directory)/\(name)", encoding: .utf8)
            #expect(!text.contains(token), "\(name)")
            #expect(!text.contains("a-secret-in-a-body"), "\(name)")
            #expect(!text.contains(demo.document.user.password), "\(name)")
        }
    }
}
