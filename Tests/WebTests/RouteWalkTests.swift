import Domain
import FastCGI
import Telemetry
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Every entry of the table, with every kind of caller. The routes answer 200 to whoever is let in.
@Suite("Who may call what", .blocking)
struct RouteWalkTests {
    private let web: PeopleServer

    init() throws {
        web = try PeopleServer(more: { endpoint in
            AccessTable.entries.keys.filter { !Self.isOfPeople($0) }.map { entry in
                Self.route(entry, endpoint)
            }
        })
    }

    /// Those whose real endpoints are there.
    private static func isOfPeople(_ entry: String) -> Bool {
        ["session", "password", "totp", "users", "keys", "audit"].contains { name in
            entry.contains("/v1/\(name)")
        }
    }

    private static func route(_ entry: String, _ endpoint: APIEndpoint) -> Router.Route {
        let parts = entry.split(separator: " ").map { String($0) }
        let description = RouteDescription(
            parts[0], parts[1], "walk", .service, "", answers: [])
        switch description.access {
        case .everybody, .localOrCallers, .provider:
            return endpoint.route(description) { _ throws(Problem) in Response(.ok) }
        case .callers, .users, .session:
            return endpoint.route(description) { _, _ throws(Problem) in Response(.ok) }
        }
    }

    /// A body that every route reads, as far as it reads one; its endpoint may refuse it with 4xx.
    private func send(_ entry: String, headers: [String: String]) throws -> Answer {
        let parts = entry.split(separator: " ").map { String($0) }
        let path = parts[1].split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }
        let isSafe = parts[0] == "GET"
        return try web.send(
            parts[0], "/" + path.joined(separator: "/"),
            isSafe || parts[0] == "DELETE" ? nil : "{}",
            headers: headers)
    }

    /// The codes of those who are not let in.
    private static let refusals: Set = [
        "missing_key", "wrong_key", "expired_key", "key_address_not_allowed", "session_ended",
        "missing_scope", "missing_role", "not_for_keys", "totp_required", "foreign_origin",
        "two_credentials",
    ]

    /// Nil for one who is let in.
    private func refusal(_ entry: String, _ headers: [String: String]) throws -> String? {
        let answer = try send(entry, headers: headers)
        guard let code = answer.code, Self.refusals.contains(code) else {
            #expect(answer.status != 401 || entry == "POST /v1/session", "\(entry)")
            return nil
        }
        let status =
            ["missing_key", "wrong_key", "expired_key", "session_ended"].contains(code)
            ? 401 : code == "two_credentials" ? 400 : 403
        #expect(answer.status == status, "\(entry): \(code)")
        return code
    }

    private static let entries = AccessTable.entries.keys.sorted()

    /// `POST /v1/password` asks for a session only when there is no link.
    private static func access(_ entry: String) -> Access {
        entry == "POST /v1/password" ? .session : AccessTable.entries[entry] ?? .everybody
    }

    private static func isOpen(_ entry: String) -> Bool {
        access(entry) == .everybody
    }

    @Test("Nobody without credentials gets past the open routes", arguments: entries)
    func nobody(entry: String) throws {
        #expect(try refusal(entry, [:]) == (Self.isOpen(entry) ? nil : "missing_key"))
    }

    @Test("A key gets where its scope leads", arguments: entries)
    func keys(entry: String) throws {
        let access = Self.access(entry)
        for (key, scope) in [(Keys.read, Scope.read), (Keys.send, .send), (Keys.admin, .admin)] {
            let expected: String? =
                Self.isOpen(entry) || access.scope == scope
                ? nil : access.scope == nil ? "not_for_keys" : "missing_scope"
            // Of a page or of a program: a key is as good.
            for site in ["same-origin", ""] {
                #expect(
                    try refusal(
                        entry,
                        ["HTTP_AUTHORIZATION": "Bearer \(key)", "HTTP_SEC_FETCH_SITE": site])
                        == expected, "\(entry) with \(scope)")
            }
        }
        for (key, code) in [
            (Keys.revoked, "wrong_key"), (Keys.expired, "expired_key"),
            (Keys.elsewhere, "key_address_not_allowed"),
        ] {
            #expect(
                try refusal(entry, ["HTTP_AUTHORIZATION": "Bearer \(key)"])
                    == (Self.isOpen(entry) ? nil : code))
        }
    }

    @Test("A user gets where the role leads", arguments: entries)
    func roles(entry: String) throws {
        for role in Role.allCases {
            let least = Self.access(entry).role ?? .viewer
            #expect(
                try fresh().refusal(entry, ["HTTP_COOKIE": cookie(People.token(role))])
                    == (role >= least || Self.isOpen(entry) ? nil : "missing_role"),
                "\(entry) as \(role)")
        }
    }

    /// The same with all sessions: a route may have ended one.
    private func fresh() throws -> RouteWalkTests { try RouteWalkTests() }

    private func cookie(_ token: String) -> String { "__Host-waybill=\(token)" }

    @Test("An expired session, or a disabled user's, is none", arguments: entries)
    func ended(entry: String) throws {
        for token in [People.expired, People.ofDisabled] {
            #expect(
                try refusal(entry, ["HTTP_COOKIE": cookie(token)])
                    == (Self.isOpen(entry) ? nil : "session_ended"))
        }
    }

    @Test("Who has yet to set up a second factor gets no further", arguments: entries)
    func withoutTOTP(entry: String) throws {
        let isFree = Self.isOpen(entry) || Self.access(entry) == .session
        #expect(
            try refusal(entry, ["HTTP_COOKIE": cookie(People.withoutTOTP)])
                == (isFree ? nil : "totp_required"))
    }

    @Test("With a session, no page of another site changes anything", arguments: entries)
    func foreignOrigin(entry: String) throws {
        let isUnsafe = !entry.hasPrefix("GET ")
        let session = cookie(People.token(.admin))
        let own = PeopleServer.origin
        for headers in [
            ["HTTP_SEC_FETCH_SITE": "cross-site"], ["HTTP_SEC_FETCH_SITE": "same-site"],
            ["HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": own],
            ["HTTP_SEC_FETCH_SITE": "", "HTTP_ORIGIN": "https://evil.example"],
            ["HTTP_ORIGIN": "https://evil.example"],
        ] {
            #expect(
                try fresh().refusal(entry, headers.merging(["HTTP_COOKIE": session]) { a, _ in a })
                    == (isUnsafe ? "foreign_origin" : nil), "\(entry) \(headers)")
        }
        // Programs sign in without these headers, too.
        let isLogin = entry == "POST /v1/session"
        #expect(
            try fresh().refusal(entry, ["HTTP_SEC_FETCH_SITE": "", "HTTP_COOKIE": session])
                == (isUnsafe && !isLogin ? "foreign_origin" : nil), "\(entry)")
        #expect(
            try fresh().refusal(
                entry, ["HTTP_SEC_FETCH_SITE": "", "HTTP_ORIGIN": own, "HTTP_COOKIE": session])
                == nil, "\(entry)")
    }

    @Test("With a session, no form changes anything", arguments: entries)
    func forms(entry: String) throws {
        guard !entry.hasPrefix("GET ") else { return }
        for type in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"] {
            let answer = try send(
                entry,
                headers: ["HTTP_COOKIE": cookie(People.token(.admin)), "CONTENT_TYPE": type])
            #expect(answer.status == 415, "\(entry)")
        }
    }

    @Test("A session and a key together are a 400", arguments: entries)
    func both(entry: String) throws {
        let code = try refusal(
            entry,
            [
                "HTTP_COOKIE": cookie(People.token(.admin)),
                "HTTP_AUTHORIZATION": "Bearer \(Keys.admin)",
            ])
        // Whoever asks for what everybody may see is not asked who it is.
        let isUnasked = Self.isOpen(entry) && entry.hasPrefix("GET ")
        #expect(code == (isUnasked ? nil : "two_credentials"), "\(entry)")
    }

    @Test("Refusals of known callers are in the audit, and no others")
    func audited() throws {
        func codes() -> [String] {
            web.people.state.withLock { $0.entries.compactMap { $0.detail["code"] } }
        }
        _ = try web.send("GET", "/v1/users", as: People.token(.viewer))
        _ = try web.send("GET", "/v1/users", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        _ = try web.send(
            "DELETE", "/v1/session", as: People.token(.viewer),
            headers: ["HTTP_SEC_FETCH_SITE": "cross-site"])
        _ = try web.send("GET", "/v1/users", as: People.expired)
        _ = try web.send("GET", "/v1/users")
        #expect(codes() == ["missing_role", "missing_scope", "foreign_origin"])
        let entry = try #require(web.people.state.withLock { $0.entries.first })
        #expect(entry.action == .refuseRequest)
        #expect(entry.object == "GET /v1/users")
        #expect(entry.principal?.name == "viewer@example.com")
        #expect(entry.address == "192.0.2.7" && entry.requestID == "req-1")
    }

    @Test("So many refusals an hour are kept, and the rest is counted")
    func budget() throws {
        let people = People()
        let log = RefusalLog(people, logger: Logger(descriptor: -1))
        func note(_ at: Timestamp) {
            log.note(AuditEntry(.refuseRequest, of: "x", from: .none, at: at))
        }
        let hour = Timestamp(microseconds: 3_600_000_000 * 500_000)
        for _ in 0..<(RefusalLog.perHour + 7) { note(hour) }
        #expect(people.state.withLock { $0.entries.count } == RefusalLog.perHour)
        note(hour.advanced(by: .seconds(3600)))
        let last = people.state.withLock { $0.entries.suffix(2) }
        #expect(last.map(\.action) == [.omitRefusals, .refuseRequest])
        #expect(last.first?.detail == ["count": "7"])
    }
}
