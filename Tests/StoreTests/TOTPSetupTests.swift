import Accounts
import Domain
import Security
import TestSupport
import Testing

@testable import Store

@Suite("The second factor", .blocking, .timeLimit(.minutes(10)))
struct TOTPSetupTests {
    private let harness: PeopleHarness
    private let ann: User
    private let mine: StartedSession

    init() throws {
        harness = try PeopleHarness(SessionPolicy(totpRoles: [.admin]))
        ann = try harness.add()
        mine = try harness.signIn().get()
    }

    private func start(
        _ password: String = PeopleHarness.password
    ) throws -> Result<TOTPSetup, AccountFailure> {
        try PeopleHarness.result { completion in
            harness.accounts.startTOTP(
                of: mine.signedIn, password: Password(password), origin: PeopleHarness.origin,
                completion: completion)
        }
    }

    private func confirm(_ code: String) throws -> TOTPConfirmation {
        try harness.accounts.confirmTOTP(
            of: mine.signedIn, code: code, origin: PeopleHarness.origin)
    }

    private func remove(
        _ signedIn: SignedIn, _ password: String = PeopleHarness.password
    ) throws -> Result<FreshSecret, AccountFailure> {
        try PeopleHarness.result { completion in
            harness.accounts.removeTOTP(
                of: signedIn, password: Password(password), origin: PeopleHarness.origin,
                completion: completion)
        }
    }

    private static func code(_ setup: TOTPSetup, steps: Int64 = 0) throws -> String {
        let secret = try #require(Base32.decode(setup.secret.revealed.utf8))
        let now = TOTP.step(atUnixSeconds: Timestamp.now.microseconds / 1_000_000)
        return try TOTP(secret: secret).code(step: now + steps)
    }

    /// Sets it up, and lets the next code be used at once.
    private func setUp() throws -> (TOTPSetup, TOTPConfirmation) {
        let setup = try start().get()
        let confirmation = try confirm(Self.code(setup))
        try forgetStep()
        return (setup, confirmation)
    }

    private func forgetStep() throws {
        try harness.database.run(
            "update app_user set totp_last_step = 0 where totp_secret is not null")
    }

    @Test(
        "is set up with the password and a first code, which gives a new token and ten recovery codes"
    )
    func setsUp() throws {
        #expect(try start("wrong").failureWord == "wrongCredentials")
        let first = try start().get()
        let setup = try start().get()
        #expect(first.secret.revealed != setup.secret.revealed)
        #expect(
            setup.address.revealed.hasPrefix("otpauth://totp/Waybill:ann%40example.com?secret="))
        #expect(try harness.people.user(ann.id)?.hasTOTP == false)
        #expect(throws: AccountFailure.self) { try confirm("000000") }
        #expect(throws: AccountFailure.self) { try confirm(Self.code(first)) }
        let confirmation = try confirm(Self.code(setup))
        #expect(Set(confirmation.recoveryCodes.map(\.revealed)).count == 10)
        #expect(try harness.session(mine.token) == nil)
        let now = try #require(try harness.session(confirmation.token))
        #expect(now.session.id == mine.signedIn.session.id)
        #expect(now.user.hasTOTP && now.user.recoveryCodesLeft == 10)
        #expect(try start().failureWord == "wrongTOTPState")
        #expect(try harness.signIn().failureWord == "codeRequired")
        let kept = try harness.database.run("select string_agg(hash::text, '') from recovery_code")
        for code in confirmation.recoveryCodes { #expect(!kept.contains(code.revealed)) }
    }

    @Test("each code is good once, also for two at once, and wrong ones count as failures")
    func once() throws {
        let (setup, _) = try setUp()
        let code = try Self.code(setup)
        let results = try PeopleHarness.atOnce(4) { [harness] _ in
            try harness.signIn(code: code).failureWord ?? "success"
        }
        #expect(results.sorted() == ["success"] + Array(repeating: "wrongCode", count: 3))
        try harness.database.run("delete from sign_in_failure")
        #expect(try harness.signIn(code: code).failureWord == "wrongCode")
        #expect(try harness.signIn(code: Self.code(setup, steps: -1)).failureWord == "wrongCode")
        // The next step's code is good, for clocks that are ahead.
        _ = try harness.signIn(code: Self.code(setup, steps: 1)).get()
        for _ in 0..<5 {
            #expect(try harness.signIn(code: "123456").failureWord == "wrongCode")
        }
        #expect(try harness.signIn(code: "123456").failureWord == "throttled")
        #expect(
            try harness.database.run(
                "select count(*) from audit where detail->>'reason' = 'wrong_code'") == "10")
    }

    @Test("a missing code counts as nothing, and a wrong password is told before the code")
    func missing() throws {
        _ = try setUp()
        for _ in 0..<6 { #expect(try harness.signIn().failureWord == "codeRequired") }
        #expect(try harness.database.run("select count(*) from sign_in_failure") == "0")
        #expect(
            try harness.signIn("ann@example.com", "wrong", code: "123456").failureWord
                == "wrongCredentials")
        // In a time of waits, too, the code may follow the password at once.
        for _ in 0..<4 { _ = try harness.signIn("ann@example.com", "wrong") }
        try harness.database.run("update sign_in_failure set retry_at = now()")
        #expect(try harness.signIn().failureWord == "codeRequired")
        #expect(try harness.signIn(code: "").failureWord == "codeRequired")
        #expect(try harness.signIn(code: "123456").failureWord == "wrongCode")
    }

    @Test("a recovery code stands in for a code, once, also for two at once")
    func recovery() throws {
        let (_, confirmation) = try setUp()
        let code = confirmation.recoveryCodes[3].revealed
        let results = try PeopleHarness.atOnce(3) { [harness] _ in
            try harness.signIn(code: code.lowercased()).failureWord ?? "success"
        }
        #expect(results.sorted() == ["success", "wrongCode", "wrongCode"])
        #expect(try harness.people.user(ann.id)?.recoveryCodesLeft == 9)
        _ = try harness.signIn(
            code: confirmation.recoveryCodes[4].revealed.replacing("-", with: "")
        )
        .get()
        let now = try #require(try harness.session(confirmation.token))
        let fresh = try PeopleHarness.result { completion in
            harness.accounts.renewRecoveryCodes(
                of: now, password: Password(PeopleHarness.password), origin: PeopleHarness.origin,
                completion: completion)
        }.get()
        #expect(fresh.count == 10)
        #expect(
            try harness.signIn(code: confirmation.recoveryCodes[5].revealed).failureWord
                == "wrongCode")
        _ = try harness.signIn(code: fresh[5].revealed).get()
    }

    @Test(
        "is removed with the password, unless the role demands it or the password is too short alone"
    )
    func remove() throws {
        let (setup, confirmation) = try setUp()
        var now = try #require(try harness.session(confirmation.token))
        #expect(try remove(now, "wrong").failureWord == "wrongCredentials")
        _ = try harness.add("root@example.com", .admin)
        _ = try harness.people.change(ann.id, UserChange(role: .admin), by: .sample)
        now = try #require(try harness.session(confirmation.token))
        #expect(try remove(now).failureWord == "totpDemanded")
        _ = try harness.people.change(ann.id, UserChange(role: .viewer), by: .sample)

        now = try #require(try harness.session(confirmation.token))
        let short = "plum kite 91"
        var token = try PeopleHarness.result { completion in
            harness.accounts.changePassword(
                of: now, from: Password(PeopleHarness.password), to: Password(short),
                origin: PeopleHarness.origin, completion: completion)
        }.get()
        now = try #require(try harness.session(token))
        #expect(try remove(now, short).failureWord == "badPassword")
        token = try PeopleHarness.result { completion in
            harness.accounts.changePassword(
                of: now, from: Password(short), to: Password(PeopleHarness.password),
                origin: PeopleHarness.origin, completion: completion)
        }.get()
        now = try #require(try harness.session(token))
        token = try remove(now).get()
        let after = try #require(try harness.session(token))
        #expect(!after.user.hasTOTP && after.user.recoveryCodesLeft == 0)
        #expect(try remove(after).failureWord == "wrongTOTPState")
        _ = try harness.signIn(code: Self.code(setup)).get()
    }

    @Test("a role that demands it lets its user in only to set it up")
    func demanded() throws {
        _ = try harness.people.change(ann.id, UserChange(role: .admin), by: .sample)
        let started = try harness.signIn().get()
        #expect(started.signedIn.mustSetUpTOTP)
        let setup = try start().get()
        let confirmation = try confirm(Self.code(setup))
        #expect(try harness.session(confirmation.token)?.mustSetUpTOTP == false)
    }

    @Test("a secret that nobody confirms is forgotten after an hour")
    func proposal() throws {
        let setup = try start().get()
        try harness.database.run(
            "update app_user set totp_proposed_at = now() - interval '61 minutes'")
        #expect(throws: AccountFailure.self) { try confirm(Self.code(setup)) }
        #expect(try harness.people.user(ann.id)?.hasTOTP == false)
    }
}
