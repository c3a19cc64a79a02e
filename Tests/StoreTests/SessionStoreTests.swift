import Domain
import Postgres
import Security
import TestSupport
import Testing

@testable import Store

@Suite("Sessions in the database", .blocking, .timeLimit(.minutes(10)))
struct SessionStoreTests {
    private let harness: PeopleHarness
    private var people: PeopleStore { harness.people }
    private let ann: User

    init() throws {
        harness = try PeopleHarness(
            SessionPolicy(idle: .seconds(1800), absolute: .seconds(43_200), totpRoles: [.admin]))
        ann = try harness.add()
    }

    private func begin(_ number: UInt8, _ user: User? = nil) throws -> SignedIn {
        let credentials = try #require(try people.credentials((user ?? ann).id))
        let begun = try people.begin(
            SessionDraft(
                credentials: credentials, factor: .none, tokenHash: Self.hash(number), newHash: nil,
                origin: PeopleHarness.origin,
                userAgent: "Browser\u{1B}[2J\0 " + String(repeating: "x", count: 300)))
        guard case .begun(let signedIn) = begun else {
            throw StoreFailure(.failed, "\(begun)")
        }
        return signedIn
    }

    private static func hash(_ number: UInt8) -> [UInt8] { Array(repeating: number, count: 32) }

    private func found(_ number: UInt8, isActivity: Bool = true) throws -> SignedIn? {
        try people.session(tokenHash: Self.hash(number), isActivity: isActivity)
    }

    @Test("a session is found by its token's hash, and tells who and until when")
    func begin() throws {
        let begun = try begin(1)
        let signedIn = try #require(try found(1))
        #expect(signedIn == begun)
        #expect(signedIn.user.id == ann.id && signedIn.user.lastSignInAt != nil)
        let session = signedIn.session
        #expect(session.id.version == 7 && session.user == ann.id)
        #expect(session.address == "192.0.2.1")
        #expect(session.userAgent?.count == 200)
        #expect(session.userAgent?.hasPrefix("Browser[2J xxx") == true)
        #expect(session.idleEndsAt.since(session.lastActiveAt) == .seconds(1800))
        #expect(session.endsAt.since(session.createdAt) == .seconds(43_200))
        #expect(!signedIn.needsNewToken && !signedIn.mustSetUpTOTP)
        #expect(try found(2) == nil)
        #expect(try people.sessions(of: ann.id) == [session])
        #expect(
            try harness.database.run(
                "select action, object, principal_id, address, request_id from audit offset 1")
                == "session.create|\(session.id)|\(ann.id)|192.0.2.1|r1")
    }

    @Test("it ends without activity, and in any case")
    func ends() throws {
        _ = try begin(1)
        try harness.database.run(
            "update session set last_active_at = now() - interval '1801 seconds'")
        #expect(try found(1) == nil)
        #expect(try people.sessions(of: ann.id).isEmpty)
        try harness.database.run(
            "update session set last_active_at = now() - interval '1790 seconds'")
        #expect(try found(1) != nil)
        try harness.database.run("update session set ends_at = now()")
        #expect(try found(1) == nil)
        #expect(try people.sessions(of: ann.id).isEmpty)
    }

    @Test("activity moves the idle end, at most once a minute; what is no activity does not")
    func activity() throws {
        func active() throws -> String {
            try harness.database.run("select last_active_at from session")
        }
        _ = try begin(1)
        let start = try active()
        #expect(try found(1) != nil)
        #expect(try active() == start)
        try harness.database.run(
            "update session set last_active_at = now() - interval '61 seconds'")
        let stale = try active()
        #expect(try found(1, isActivity: false) != nil)
        #expect(try active() == stale)
        #expect(try found(1) != nil)
        #expect(try active() > stale)
    }

    @Test("sessions end one at a time, all but one, or all, each with an entry")
    func end() throws {
        let sessions = try (1...4).map { try begin($0) }
        let bob = try harness.add("bob@example.com")
        #expect(try !people.end(sessions[0].session.id, of: bob.id, by: .sample))
        #expect(try people.end(sessions[0].session.id, of: ann.id, by: .sample))
        #expect(try !people.end(sessions[0].session.id, of: ann.id, by: .sample))
        #expect(try found(1) == nil && found(2) != nil)
        #expect(try people.endAll(of: ann.id, except: sessions[3].session.id, by: .sample) == 2)
        #expect(try people.sessions(of: ann.id).map(\.id) == [sessions[3].session.id])
        #expect(try people.endAll(of: ann.id, except: nil, by: .sample) == 1)
        #expect(try people.endAll(of: ann.id, except: nil, by: .sample) == 0)
        #expect(
            try harness.database.run(
                "select action, detail from audit where action ~ 'end' order by number") == """
                    session.end|{"user": "\(ann.id)"}
                    user.end_sessions|{"sessions": "2"}
                    user.end_sessions|{"sessions": "1"}
                    """)
    }

    @Test("a user has fifty at most: the one that was used longest ago ends")
    func bound() throws {
        for number in 1...51 { _ = try begin(UInt8(number)) }
        #expect(try people.sessions(of: ann.id).count == 50)
        #expect(try found(1) == nil && found(2) != nil && found(51) != nil)
    }

    @Test("disabling ends all sessions, and lets none begin")
    func disable() throws {
        _ = try harness.add("admin@example.com", .admin)
        let credentials = try #require(try people.credentials(ann.id))
        _ = try begin(1)
        _ = try people.change(ann.id, UserChange(isDisabled: true), by: .sample)
        #expect(try found(1) == nil)
        #expect(try harness.database.run("select count(*) from session") == "0")
        let begun = try people.begin(
            SessionDraft(
                credentials: credentials, factor: .none, tokenHash: Self.hash(2), newHash: nil,
                origin: PeopleHarness.origin, userAgent: nil))
        guard case .changed = begun else {
            return #expect(Bool(false))
        }
    }

    @Test("another role asks for a new token; the old one is good for some seconds more")
    func renew() throws {
        let session = try begin(1).session
        _ = try people.change(ann.id, UserChange(role: .operator), by: .sample)
        let signedIn = try #require(try found(1))
        #expect(signedIn.needsNewToken && signedIn.user.role == .operator)
        let results = try PeopleHarness.atOnce(4) { [people] index in
            try people.renew(
                TokenChange(session: session.id, newHash: Self.hash(UInt8(10 + index))))
        }
        #expect(results.count { $0 } == 1)
        let winner = try #require(results.firstIndex(of: true))
        let renewed = try #require(try found(UInt8(10 + winner)))
        #expect(renewed.session.id == session.id && !renewed.needsNewToken)
        #expect(try found(1)?.needsNewToken == false)
        try harness.database.run("update session set old_until = now()")
        #expect(try found(1) == nil && found(UInt8(10 + winner)) != nil)
    }

    @Test("a role that demands a code marks the sessions of a user without one")
    func demandsTOTP() throws {
        let admin = try harness.add("admin@example.com", .admin)
        #expect(try begin(1, admin).mustSetUpTOTP)
        try harness.database.run(
            "update app_user set totp_secret = '\\x0102030405060708090a0b0c0d0e0f1011121314'"
                + " where id = '\(admin.id)'")
        #expect(try found(1)?.mustSetUpTOTP == false)
    }

    @Test("maintenance drops what has expired: sessions, links and failures, and nothing else")
    func retention() throws {
        _ = try begin(1)
        _ = try begin(2)
        let bob = try harness.add("bob@example.com")
        for (user, byte) in [(ann, 1), (bob, 2)] as [(User, UInt8)] {
            _ = try people.reset(user.id, link: Self.hash(byte), by: .sample)
        }
        for number in [5, 6] as [UInt8] {
            _ = try begin(number, harness.add("u\(number)@example.com"))
        }
        for number in [1, 2] as [UInt8] {
            try people.countFailure(
                Self.hash(number), email: "x@y", .wrongPassword, isCounted: false,
                from: PeopleHarness.origin)
        }
        try harness.database.run(
            """
            update session set ends_at = now() - interval '1 second' where hash = '\\x\(String(repeating: "05", count: 32))';
            update password_link set expires_at = now() where user_id = '\(ann.id)';
            update sign_in_failure set last_at = now() - interval '25 hours'
                where key = '\\x\(String(repeating: "01", count: 32))';
            """)
        let pool = try harness.database.pool(1)
        for _ in 0..<2 {
            _ = try pool.withConnection { connection throws(PostgresError) in
                try connection.execute(DropExpiredSessions(keepDays: 90, after: .first, most: 100))
            }
            _ = try pool.withConnection { connection throws(PostgresError) in
                try connection.execute(DropExpiredLinks(keepDays: 90, after: .first, most: 100))
            }
            _ = try pool.withConnection { connection throws(PostgresError) in
                try connection.execute(DropOldFailures(keepDays: 90, after: .first, most: 100))
            }
        }
        #expect(
            try harness.database.run(
                """
                select (select count(*) from session), (select count(*) from password_link),
                    (select count(*) from sign_in_failure)
                """) == "1|1|1")
    }

    @Test("of addresses without an account the latest hundred thousand failures are kept")
    func failureBound() throws {
        try harness.database.run(
            """
            insert into sign_in_failure (key, failures, last_at, retry_at)
            select sha256(number::text::bytea), 1, now() - number * interval '100 milliseconds', now()
            from generate_series(1, 100200) as number;
            insert into sign_in_failure (key, failures, last_at, retry_at)
            values (sha256('ann@example.com'), 7, now() - interval '20 hours', now());
            """)
        let pool = try harness.database.pool(1)
        let dropped = try pool.withConnection { connection throws(PostgresError) in
            try connection.execute(DropOldFailures(keepDays: 90, after: .first, most: 20_000)).first
        }
        #expect(dropped?.dropped == 200)
        #expect(
            try harness.database.run(
                "select count(*) from sign_in_failure where key = sha256('ann@example.com')") == "1"
        )
    }
}
