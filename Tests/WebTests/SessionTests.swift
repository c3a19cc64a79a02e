import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Sessions", .blocking)
struct SessionTests {
    private let web: PeopleServer
    private static let right = #"{"email":"admin@example.com","password":"right"}"#

    init() throws { web = try PeopleServer() }

    private var admin: String { People.token(.admin) }

    @Test("Signing in sets a cookie that only this host's pages get, and says who one is")
    func signsIn() throws {
        let answer = try web.send(
            "POST", "/v1/session", #"{"email":"admin@example.com","password":"right","code":"7"}"#,
            headers: ["HTTP_USER_AGENT": "Firefox"])
        #expect(answer.status == 200)
        let token = People.token(filled: 77)
        #expect(
            answer.header("Set-Cookie")
                == "__Host-waybill=\(token); Path=/; Secure; HttpOnly; SameSite=Strict")
        #expect(answer.header("Vary") == "Cookie, Sec-Fetch-Site, Origin")
        let user = try #require(answer.json["user"] as? [String: Any])
        #expect(user["email"] as? String == "admin@example.com")
        #expect(answer.json["role"] as? String == "admin")
        #expect(answer.json["permissions"] as? [String] == ["admin", "details", "read", "send"])
        #expect((answer.json["session"] as? [String: Any])?["ends_at"] != nil)
        #expect(!answer.body.contains(token))
        let attempt = try #require(web.people.state.withLock { $0.attempts.first })
        #expect(attempt.code == "7")
        #expect(attempt.userAgent == "Firefox")
        #expect(attempt.origin == RequestOrigin(requestID: "req-1", address: "192.0.2.7"))
        #expect(try web.send("GET", "/v1/session", as: token).status == 200)
    }

    @Test(
        "A wrong password, an unknown address and a closed account are answered alike",
        arguments: ["viewer@example.com", "nobody@example.com", "closed@example.com", "x", ""])
    func wrongCredentials(email: String) throws {
        web.people.state.withLock {
            $0.users.append(
                People.user(
                    .viewer, id: .new(at: .now), email: "closed@example.com", isDisabled: true))
        }
        let password = email.hasPrefix("closed") ? "right" : "wrong"
        let answer = try web.send(
            "POST", "/v1/session", #"{"email":"\#(email)","password":"\#(password)"}"#)
        #expect(answer.status == 401)
        #expect(answer.code == "wrong_credentials")
        #expect(
            answer.json["detail"] as? String
                == "The address and the password do not belong to an open account.")
        #expect(answer.header("Set-Cookie") == nil)
    }

    @Test(
        "Why a sign-in is refused has a status and a code of its own",
        arguments: [
            (AccountFailure.codeRequired, 401, "code_required", String?.none),
            (.wrongCode, 401, "wrong_code", nil),
            (
                .throttled(until: .now.advanced(by: .seconds(-1))), 429, "too_many_attempts",
                "1"
            ),
            (.busy(retryAfter: .seconds(2)), 503, "sign_in_busy", "2"),
            (.store(StoreFailure(.unavailable, "away")), 503, "database_unavailable", "5"),
        ])
    func refusals(failure: AccountFailure, status: Int, code: String, retry: String?) throws {
        web.people.state.withLock { $0.failure = failure }
        let answer = try web.send("POST", "/v1/session", Self.right)
        #expect(answer.status == status)
        #expect(answer.code == code)
        #expect(answer.header("Retry-After") == retry)
    }

    @Test("How long to wait is told in whole seconds, rather too many")
    func retryAfter() throws {
        web.people.state.withLock {
            $0.failure = .throttled(until: .now.advanced(by: .milliseconds(90_500)))
        }
        let answer = try web.send("POST", "/v1/session", Self.right)
        let seconds = try #require(answer.header("Retry-After").flatMap { Int($0) })
        #expect((60...91).contains(seconds))
    }

    @Test("Signing in again ends the session that the browser had")
    func endsTheEarlier() throws {
        let answer = try web.send("POST", "/v1/session", as: admin, Self.right)
        #expect(answer.status == 200)
        #expect(try web.send("GET", "/v1/session", as: admin).status == 401)
    }

    @Test(
        "No page of another site signs its reader in",
        arguments: [
            (["HTTP_SEC_FETCH_SITE": "cross-site"], 403),
            (["HTTP_SEC_FETCH_SITE": "same-site"], 403),
            (["HTTP_SEC_FETCH_SITE": "none"], 403),
            (["HTTP_SEC_FETCH_SITE": "", "HTTP_ORIGIN": "https://evil.example"], 403),
            (["HTTP_SEC_FETCH_SITE": "", "HTTP_ORIGIN": "null"], 403),
            (["CONTENT_TYPE": "text/plain"], 415),
            (["CONTENT_TYPE": "application/x-www-form-urlencoded"], 415),
            (["CONTENT_TYPE": ""], 415),
            // A program, which has no page.
            (["HTTP_SEC_FETCH_SITE": ""], 200),
            (["HTTP_SEC_FETCH_SITE": "", "HTTP_ORIGIN": PeopleServer.origin], 200),
        ])
    func loginOrigins(headers: [String: String], status: Int) throws {
        #expect(
            try web.send("POST", "/v1/session", Self.right, headers: headers).status == status)
    }

    @Test("A session is shown with its end; asking need not be activity")
    func shows() throws {
        let answer = try web.send("GET", "/v1/session", as: admin)
        #expect(answer.status == 200)
        #expect(answer.header("Set-Cookie") == nil)
        #expect(web.people.state.withLock { $0.wasActivity } == true)
        #expect(try web.send("GET", "/v1/session?activity=false", as: admin).status == 200)
        #expect(web.people.state.withLock { $0.wasActivity } == false)
        #expect(try web.send("GET", "/v1/session?activity=no", as: admin).code == "bad_query")
        #expect(try web.send("HEAD", "/v1/session", as: admin).status == 200)
    }

    @Test("Signing out ends the session and clears the cookie")
    func signsOut() throws {
        let answer = try web.send("DELETE", "/v1/session", as: admin)
        #expect(answer.status == 204)
        #expect(
            answer.header("Set-Cookie")
                == "__Host-waybill=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
        let after = try web.send("GET", "/v1/session", as: admin)
        #expect(after.status == 401)
        #expect(after.code == "session_ended")
        #expect(after.header("Set-Cookie")?.contains("Max-Age=0") == true)
    }

    @Test(
        "A cookie that is no session's is a 401 that clears it",
        arguments: [People.expired, "x", "", "=", People.expired + "A"])
    func unknownCookie(token: String) throws {
        let answer = try web.send("GET", "/v1/session", as: token)
        #expect(answer.status == 401)
        #expect(answer.code == "session_ended")
        #expect(answer.header("Set-Cookie")?.hasPrefix("__Host-waybill=; ") == true)
        #expect(answer.header("WWW-Authenticate") != nil)
    }

    @Test("The cookie is found among others, and two different ones are none")
    func cookieHeader() throws {
        func status(_ cookie: String) throws -> Int {
            try web.send("GET", "/v1/session", headers: ["HTTP_COOKIE": cookie]).status
        }
        #expect(try status("a=b; __Host-waybill=\(admin); c") == 200)
        #expect(try status("a=b;__Host-waybill=\(admin);__Host-waybill=\(admin)") == 200)
        #expect(
            try status("__Host-waybill=\(admin); __Host-waybill=\(People.token(.viewer))") == 401)
        #expect(try status("__Host-Waybill=\(admin)") == 401)
        #expect(try status("waybill=\(admin)") == 401)
    }

    @Test("A session and a key together are a 400, whatever they are worth")
    func twoCredentials() throws {
        for (cookie, key) in [
            (admin, Keys.admin), ("x", "nonsense"), (People.expired, Keys.revoked),
        ] {
            for (method, path) in [
                ("GET", "/v1/session"), ("GET", "/v1/users"), ("POST", "/v1/session"),
            ] {
                let answer = try web.send(
                    method, path, as: cookie, method == "POST" ? Self.right : nil,
                    headers: ["HTTP_AUTHORIZATION": "Bearer \(key)"])
                #expect(answer.status == 400)
                #expect(answer.code == "two_credentials")
            }
        }
    }

    @Test("One sees and ends one's own sessions; another's is unknown")
    func ownSessions() throws {
        let viewer = People.token(.viewer)
        let list = try web.send("GET", "/v1/sessions", as: viewer)
        let sessions = try #require(list.json["sessions"] as? [[String: Any]])
        #expect(sessions.count == 3)
        #expect(sessions.filter { $0["current"] as? Bool == true }.count == 1)
        let other = try #require(
            sessions.first { $0["current"] as? Bool == false }?["id"] as? String)
        let theirs = People.session(People.user(.admin)).id
        for unknown in ["\(theirs)", "\(MessageID.new(at: .now))", "x"] {
            let answer = try web.send("DELETE", "/v1/sessions/\(unknown)", as: viewer)
            #expect(answer.status == 404)
            #expect(answer.code == "unknown_session")
        }
        #expect(try web.send("GET", "/v1/session", as: admin).status == 200)
        let ended = try web.send("DELETE", "/v1/sessions/\(other.uppercased())", as: viewer)
        #expect(ended.status == 204)
        #expect(ended.header("Set-Cookie") == nil)
        let own = People.session(People.user(.viewer)).id
        let last = try web.send("DELETE", "/v1/sessions/\(own)", as: viewer)
        #expect(last.status == 204)
        #expect(last.header("Set-Cookie")?.contains("Max-Age=0") == true)
    }

    @Test("Whose rights have changed gets a new token with the next answer")
    func newToken() throws {
        let answer = try web.send("GET", "/v1/sessions", as: People.stale)
        #expect(answer.status == 200)
        #expect(
            answer.header("Set-Cookie")?.hasPrefix("__Host-waybill=\(People.token(filled: 81));")
                == true)
        let out = try web.send("DELETE", "/v1/session", as: People.stale)
        #expect(out.headers.filter { $0.name == "Set-Cookie" }.count == 1)
        #expect(out.header("Set-Cookie")?.contains("Max-Age=0") == true)
    }

    @Test("Who must set up a second factor may do that, see who one is, and sign out")
    func mustSetUpTOTP() throws {
        let answer = try web.send("GET", "/v1/session", as: People.withoutTOTP)
        #expect(answer.json["must_set_up_totp"] as? Bool == true)
        #expect(answer.json["permissions"] as? [String] == [])
        let refused = try web.send("GET", "/v1/sessions", as: People.withoutTOTP)
        #expect(refused.status == 403)
        #expect(refused.code == "totp_required")
        let start = try web.send(
            "POST", "/v1/totp", as: People.withoutTOTP, #"{"password":"right"}"#)
        #expect(start.status == 200)
        #expect(try web.send("DELETE", "/v1/session", as: People.withoutTOTP).status == 204)
    }
}
