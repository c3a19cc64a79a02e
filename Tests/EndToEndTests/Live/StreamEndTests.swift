import Foundation
import TestSupport
import Testing

@Suite(
    "A stream ends with its reader's right to it, through nginx", .blocking,
    .timeLimit(.minutes(10)))
struct StreamEndTests {
    /// What is promised.
    private static let limit = Duration.seconds(5)

    enum KeyChange: CaseIterable, Sendable {
        case keyEnds, secretEnds, addressesChange, scopeIsTaken

        func sql(_ id: String) -> String {
            switch self {
            case .keyEnds: "update api_key set expires_at = now() where id = '\(id)'"
            case .secretEnds:
                "update api_key_secret set expires_at = now() where key_id = '\(id)'"
            case .addressesChange:
                "update api_key set addresses = '{192.0.2.0/24}' where id = '\(id)'"
            case .scopeIsTaken: "update api_key set scopes = '{send}' where id = '\(id)'"
            }
        }

        /// What whoever comes back is told.
        var refusal: (status: Int, code: String) {
            switch self {
            case .keyEnds: (401, "expired_key")
            case .secretEnds: (401, "wrong_key")
            case .addressesChange: (403, "key_address_not_allowed")
            case .scopeIsTaken: (403, "missing_scope")
            }
        }
    }

    @Test("A key's stream ends, and no other one", arguments: KeyChange.allCases)
    func key(change: KeyChange) throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let made = try JSON(
            admin.send(
                "POST", "/v1/keys",
                #"{"name":"\#(uniqueName("key"))","scopes":["read"],"addresses":["127.0.0.0/8"]}"#))
        let secret = try #require(made["secret"].string)
        let id = try #require(made["key"]["id"].string)
        let stream = try EventSource(demo, "/v1/live", key: secret)
        let other = try EventSource(demo, "/v1/live")
        defer { stream.close(); other.close() }
        try #require(stream.waitFor(count: 1) && other.waitFor(count: 1))
        // A change that leaves the right as it is ends nothing: the stream outlives a look at it.
        try demo.sql(
            "update api_key set addresses = '{127.0.0.1,2001:db8::/32}' where id = '\(id)'")
        #expect(!stream.waitForEnd(within: Self.limit))
        try demo.sql(change.sql(id))
        #expect(stream.waitForEnd(within: Self.limit))
        #expect(!other.hasEnded)
        expectProblem(
            try demo.api("/v1/live", key: secret), change.refusal.status, change.refusal.code)
    }

    enum SessionChange: CaseIterable, Sendable {
        case signsOut, endsByTime, endsByIdleness, isDisabled, getsAnotherRole, isReset
    }

    @Test("A session's stream ends, and no other one", arguments: SessionChange.allCases)
    func session(change: SessionChange) throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let user = try demo.makeUser("operator", by: admin)
        let (browser, elsewhere) = (Browser(demo.client), Browser(demo.client))
        for each in [browser, elsewhere] {
            try #require(try each.signIn(user.email, RunningDemo.password).status == 200)
        }
        let stream = try EventSource(demo, "/v1/live", of: browser)
        let other = try EventSource(demo, "/v1/live", of: admin)
        let second = try EventSource(demo, "/v1/live", of: elsewhere)
        defer { stream.close(); other.close(); second.close() }
        try #require([stream, other, second].allSatisfy { $0.waitFor(count: 1) })
        let sessions = try JSON(try browser.send("GET", "/v1/sessions"))["sessions"].array
        let own = try #require(
            sessions.first { $0["current"].bool == true }?["id"].string, "\(sessions)")
        switch change {
        case .signsOut:
            #expect(try browser.send("DELETE", "/v1/session").status == 204)
        case .endsByTime:
            try demo.sql("update session set ends_at = now() where id = '\(own)'")
        case .endsByIdleness:
            try demo.sql(
                "update session set last_active_at = now() - interval '60 days' where id = '\(own)'"
            )
        case .isDisabled:
            _ = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"disabled":true}"#)
        case .getsAnotherRole:
            _ = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"role":"viewer"}"#)
        case .isReset:
            _ = try admin.send("POST", "/v1/users/\(user.id)/reset", "{}")
        }
        #expect(stream.waitForEnd(within: Self.limit))
        #expect(!other.hasEnded)
        switch change {
        case .signsOut, .endsByTime, .endsByIdleness: #expect(!second.hasEnded)
        case .isDisabled, .getsAnotherRole, .isReset:
            #expect(second.waitForEnd(within: Self.limit))
        }
    }

    @Test("A user who has got another role comes back and sees what that role may")
    func roleAfterwards() throws {
        let demo = try RunningDemo.shared
        let admin = try demo.admin()
        let user = try demo.makeUser("operator", by: admin)
        let browser = Browser(demo.client)
        try #require(try browser.signIn(user.email, RunningDemo.password).status == 200)
        let answer = try demo.send(to: "+447700900311")
        let id = try #require(try JSON(answer)["messages"][0]["id"].string)
        let whole = try EventSource(demo, "/v1/messages/\(id)/live", of: browser)
        defer { whole.close() }
        try #require(whole.waitFor(count: 1))
        #expect(whole.events[0].json?["to"].string == "+447700900311")
        _ = try admin.send("PATCH", "/v1/users/\(user.id)", #"{"role":"viewer"}"#)
        #expect(whole.waitForEnd(within: Self.limit))
        let masked = try EventSource(demo, "/v1/messages/\(id)/live", of: browser)
        defer { masked.close() }
        try #require(masked.waitFor(count: 1))
        let number = try #require(masked.events[0].json?["to"].string)
        #expect(number.contains("•") && number.hasSuffix("311"))
        #expect(masked.events[0].json?["text"].string == nil)
    }
}

extension EventSource {
    /// A stream of somebody who has signed in.
    convenience init(_ demo: RunningDemo, _ path: String, of browser: Browser) throws {
        try self.init(
            demo, path, key: .some(nil),
            headers: [("Cookie", browser.sent ?? ""), ("Sec-Fetch-Site", "same-origin")])
    }
}
