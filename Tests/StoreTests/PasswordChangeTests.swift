import Accounts
import Domain
import Security
import TestSupport
import Testing

@testable import Store

@Suite("Passwords and links", .blocking, .timeLimit(.minutes(10)))
struct PasswordChangeTests {
    private let harness: PeopleHarness
    private static let newPassword = "another long horse staple"

    init() throws {
        harness = try PeopleHarness()
    }

    private func choose(
        _ link: FreshSecret, _ password: String = newPassword
    ) throws -> Result<User, AccountFailure> {
        try PeopleHarness.result { completion in
            harness.accounts.choosePassword(
                link: link.revealed, password: Password(password), origin: PeopleHarness.origin,
                completion: completion)
        }
    }

    private func change(
        _ signedIn: SignedIn, from old: String, to new: String
    ) throws -> Result<FreshSecret, AccountFailure> {
        try PeopleHarness.result { completion in
            harness.accounts.changePassword(
                of: signedIn, from: Password(old), to: Password(new), origin: PeopleHarness.origin,
                completion: completion)
        }
    }

    private func create(_ address: String = "ann@example.com") throws -> PasswordLink {
        try harness.accounts.create(UserDraft(email: harness.email(address)), by: .sample)
    }

    @Test("a link lets its owner choose a password, once")
    func link() throws {
        let link = try create()
        #expect(link.expiresAt.since(.now) > .seconds(86_000))
        #expect(link.user.linkExpiresAt == link.expiresAt && !link.user.hasPassword)
        #expect(
            try harness.signIn("ann@example.com", Self.newPassword).failureWord
                == "wrongCredentials")
        let user = try choose(link.token).get()
        #expect(user.hasPassword && user.linkExpiresAt == nil)
        _ = try harness.signIn("ann@example.com", Self.newPassword).get()
        #expect(try choose(link.token).failureWord == "wrongLink")
        #expect(
            try harness.database.run("select action, principal_name from audit order by number")
                == """
                user.create|tester
                session.refuse|
                user.password|ann@example.com
                session.create|ann@example.com
                """)
        // The database holds only its digest.
        let digest = Hexadecimal.encode(SHA256.digest(of: link.token.revealed).bytes)
        #expect(digest.count == 64)
        #expect(try harness.database.run("select count(*) from password_link") == "0")
    }

    @Test("of two who use a link at once one chooses the password")
    func linkAtOnce() throws {
        let link = try create()
        let results = try PeopleHarness.atOnce(6) { index in
            try choose(link.token, "my own long password \(index)").failureWord ?? "chosen"
        }
        #expect(results.sorted() == ["chosen"] + Array(repeating: "wrongLink", count: 5))
        let winner = try #require(results.firstIndex(of: "chosen"))
        _ = try harness.signIn("ann@example.com", "my own long password \(winner)").get()
    }

    @Test(
        "a bad password does not use the link up; a link ends with time, a newer one, or the account"
    )
    func linkEnds() throws {
        let first = try create()
        guard case .failure(.badPassword(.tooShort(15))) = try choose(first.token, "short") else {
            return #expect(Bool(false))
        }
        guard
            case .failure(.badPassword(.personal)) = try choose(first.token, "ann@example.com1")
        else {
            return #expect(Bool(false))
        }
        let second = try harness.accounts.reset(first.user.id, by: .sample)
        #expect(try choose(first.token).failureWord == "wrongLink")
        try harness.database.run("update password_link set expires_at = now()")
        #expect(try choose(second.token).failureWord == "wrongLink")
        #expect(try harness.people.user(first.user.id)?.linkExpiresAt == nil)
        let third = try harness.accounts.reset(first.user.id, by: .sample)
        _ = try harness.people.change(first.user.id, UserChange(isDisabled: true), by: .sample)
        #expect(try choose(third.token).failureWord == "wrongLink")
        for text in ["", "x", String(repeating: "A", count: 43)] {
            #expect(try choose(FreshSecret(text)).failureWord == "wrongLink")
        }
    }

    @Test("an address has one account, and a user that is none has no reset")
    func refusals() throws {
        _ = try create()
        #expect(throws: AccountFailure.self) { try create("ANN@example.com") }
        #expect(throws: AccountFailure.self) {
            try harness.accounts.reset(UserID(high: 1, low: 1), by: .sample)
        }
    }

    @Test(
        "a change needs the old password, ends the other sessions, and gives this one a new token")
    func change() throws {
        try harness.add()
        let mine = try harness.signIn().get()
        let other = try harness.signIn().get()
        #expect(
            try change(mine.signedIn, from: "wrong", to: Self.newPassword).failureWord
                == "wrongCredentials")
        guard
            case .failure(.badPassword) = try change(
                mine.signedIn, from: PeopleHarness.password, to: "short")
        else { return #expect(Bool(false)) }
        #expect(try harness.database.run("select failures from sign_in_failure") == "1")
        let token = try change(
            mine.signedIn, from: PeopleHarness.password, to: Self.newPassword
        ).get()
        #expect(try harness.session(mine.token) == nil)
        #expect(try harness.session(other.token) == nil)
        #expect(try harness.session(token)?.session.id == mine.signedIn.session.id)
        #expect(try harness.signIn().failureWord == "wrongCredentials")
        _ = try harness.signIn("ann@example.com", Self.newPassword).get()
        // The session of a change must be there still.
        #expect(
            try change(other.signedIn, from: Self.newPassword, to: PeopleHarness.password)
                .failureWord == "sessionEnded")
        _ = try harness.signIn("ann@example.com", Self.newPassword).get()
    }

    @Test("wrong passwords of a change wait as those of a sign-in do")
    func changeWaits() throws {
        try harness.add()
        let mine = try harness.signIn().get()
        for _ in 0..<5 { _ = try change(mine.signedIn, from: "wrong", to: Self.newPassword) }
        #expect(
            try change(mine.signedIn, from: PeopleHarness.password, to: Self.newPassword)
                .failureWord == "throttled")
        #expect(try harness.signIn().failureWord == "throttled")
    }

    @Test("a reset takes password, second factor and sessions away")
    func reset() throws {
        let ann = try harness.add()
        let mine = try harness.signIn().get()
        try harness.database.run(
            "update app_user set totp_secret = '\\x0102030405060708090a0b0c0d0e0f1011121314'")
        for _ in 0..<5 { _ = try harness.signIn("ann@example.com", "wrong") }
        let link = try harness.accounts.reset(ann.id, by: .sample)
        #expect(!link.user.hasPassword && !link.user.hasTOTP)
        #expect(try harness.session(mine.token) == nil)
        #expect(try harness.signIn().failureWord == "wrongCredentials")
        _ = try choose(link.token).get()
        _ = try harness.signIn("ann@example.com", Self.newPassword).get()
    }
}
