import Accounts
import Domain
import Security
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("Signing in", .blocking, .timeLimit(.minutes(10)))
struct SignInAttemptTests {
    private let harness: PeopleHarness
    private let ann: User

    init() throws {
        harness = try PeopleHarness()
        ann = try harness.add()
    }

    private func forgetFailures() throws {
        try harness.database.run("delete from sign_in_failure")
    }

    @Test("the right password begins a session, for the address in any case")
    func right() throws {
        let started = try harness.signIn("ANN@Example.com").get()
        #expect(started.token.revealed.utf8.count == 43)
        #expect(started.signedIn.user.id == ann.id)
        #expect(try harness.session(started.token)?.session == started.signedIn.session)
        let second = try harness.signIn().get()
        #expect(second.token.revealed != started.token.revealed)
        #expect(try harness.people.sessions(of: ann.id).count == 2)
    }

    @Test(
        "a wrong password, an unknown address, a disabled account and one without a password are refused alike"
    )
    func alike() throws {
        let bob = try harness.add("bob@example.com")
        _ = try harness.people.change(bob.id, UserChange(isDisabled: true), by: .sample)
        _ = try harness.people.create(
            UserDraft(email: try harness.email("new@example.com")), link: nil, passwordHash: nil,
            by: .sample)
        let failures = try [
            harness.signIn("ann@example.com", "wrong horse battery staple"),
            harness.signIn("eve@example.com"), harness.signIn("bob@example.com"),
            harness.signIn("new@example.com"), harness.signIn("no address"), harness.signIn("", ""),
            harness.signIn("ann@example.com", ""),
            harness.signIn("ann@example.com", PeopleHarness.password + "\0"),
            harness.signIn("ann@example.com", String(repeating: "x", count: 100_000)),
        ].map(\.failureWord)
        #expect(failures == Array(repeating: "wrongCredentials", count: failures.count))
        #expect(
            try harness.database.run(
                """
                select object, detail->>'reason', principal_id is null, address from audit
                where action = 'session.refuse' order by number limit 5
                """) == """
                    ann@example.com|wrong_password|t|192.0.2.1
                    eve@example.com|unknown_address|t|192.0.2.1
                    bob@example.com|disabled|t|192.0.2.1
                    new@example.com|no_password|t|192.0.2.1
                    not an address|unknown_address|t|192.0.2.1
                    """)
    }

    @Test("they take a like time, an imported hash too")
    func alikeInTime() throws {
        let bob = try harness.add("bob@example.com")
        _ = try harness.people.change(bob.id, UserChange(isDisabled: true), by: .sample)
        // Of cost 10, which takes two thirds of a yescrypt's time.
        _ = try harness.add(
            "old@example.com", hash: "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
        let addresses = ["ann", "eve", "bob", "old"].map { $0 + "@example.com" }
        var times: [[Duration]] = Array(repeating: [], count: addresses.count)
        for _ in 0..<7 {
            for (index, address) in addresses.enumerated() {
                let time = try ContinuousClock().measure {
                    _ = try harness.signIn(address, "wrong horse battery staple")
                }
                times[index].append(time)
            }
            try forgetFailures()
        }
        // The least of each, because other work on the machine only adds to it.
        let quickest = times.map { ($0.min() ?? .zero) / .milliseconds(1) }
        let (least, most) = (quickest.min() ?? 0, quickest.max() ?? 0)
        #expect(least >= 250 && most / least < 1.6, "\(quickest)")
    }

    @Test(
        "from the fifth failure on there is a wait that doubles, for an unknown address too",
        arguments: ["ann@example.com", "eve@example.com"])
    func wait(address: String) throws {
        for _ in 0..<5 {
            #expect(try harness.signIn(address, "wrong").failureWord == "wrongCredentials")
        }
        guard case .failure(.throttled(let end)) = try harness.signIn(address) else {
            return #expect(Bool(false))
        }
        #expect(end.since(.now) <= .seconds(1))
        // Waiting is told at once and counts as nothing.
        _ = try harness.signIn(address)
        #expect(try harness.database.run("select failures from sign_in_failure") == "5")
        #expect(
            try harness.database.run(
                "select count(*) from audit where detail->>'reason' = 'too_early'") == "1")
        for failures in 6...8 {
            try harness.database.run("update sign_in_failure set retry_at = now()")
            #expect(try harness.signIn(address, "wrong").failureWord == "wrongCredentials")
            let left = try harness.database.run(
                "select failures, round(extract(epoch from retry_at - last_at)) from sign_in_failure"
            )
            #expect(left == "\(failures)|\(1 << (failures - 5))")
        }
        try harness.database.run("update sign_in_failure set failures = 40, retry_at = now()")
        _ = try harness.signIn(address, "wrong")
        let most = try harness.database.run(
            "select round(extract(epoch from retry_at - last_at)) from sign_in_failure")
        #expect(most == "900")
    }

    @Test("a success or an admin clears the failures")
    func clears() throws {
        func failures() throws -> String {
            try harness.database.run("select count(*) from sign_in_failure")
        }
        for _ in 0..<4 { _ = try harness.signIn("ann@example.com", "wrong") }
        _ = try harness.signIn().get()
        #expect(try failures() == "0")
        for _ in 0..<5 { _ = try harness.signIn("ann@example.com", "wrong") }
        #expect(try harness.signIn().failureWord == "throttled")
        #expect(try harness.people.clearFailures(of: ann.id, by: .sample))
        #expect(try !harness.people.clearFailures(of: UserID(high: 1, low: 1), by: .sample))
        _ = try harness.signIn().get()
        for _ in 0..<5 { _ = try harness.signIn("ann@example.com", "wrong") }
        _ = try harness.people.change(ann.id, UserChange(isDisabled: false), by: .sample)
        _ = try harness.signIn().get()
        #expect(try failures() == "0")
    }

    @Test("once there is a wait, of many attempts at once one is admitted")
    func atOnce() throws {
        for _ in 0..<5 { _ = try harness.signIn("ann@example.com", "wrong") }
        try harness.database.run("update sign_in_failure set retry_at = now()")
        let results = try PeopleHarness.atOnce(8) { [harness] _ in
            try harness.signIn("ann@example.com", "wrong").failureWord ?? "success"
        }
        #expect(results.sorted() == Array(repeating: "throttled", count: 7) + ["wrongCredentials"])
    }

    @Test("the right password is not refused because others try at the same time")
    func manyRight() throws {
        let results = try PeopleHarness.atOnce(12) { [harness] _ in
            try harness.signIn().failureWord ?? "success"
        }
        #expect(results == Array(repeating: "success", count: 12))
    }

    @Test("every attempt is counted by what came of it")
    func counts() throws {
        _ = try harness.signIn().get()
        for _ in 0..<5 { _ = try harness.signIn("ann@example.com", "wrong") }
        _ = try harness.signIn()
        let text = harness.metrics.exposition()
        for line in [
            "signed_in\"} 1", "wrong_credentials\"} 5", "delayed\"} 1", "wrong_code\"} 0",
        ] {
            #expect(text.contains("\nwaybill_sign_ins_total{result=\"\(line)\n"), "\(line)")
        }
    }

    @Test("more than may wait are told to come back")
    func busy() throws {
        let results = try PeopleHarness.atOnce(60) { [harness] index in
            try harness.signIn("u\(index)@example.com", "wrong").failureWord ?? "success"
        }
        #expect(results.contains("busy"))
        #expect(Set(results) == ["busy", "wrongCredentials"])
    }

    @Test("a bcrypt hash verifies, and is yescrypt after the first sign-in")
    func upgrade() throws {
        let bcrypt = "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
        let old = try harness.add("old@example.com", hash: bcrypt)
        func signIn(_ bytes: [UInt8]) throws -> Result<StartedSession, AccountFailure> {
            try PeopleHarness.result { completion in
                harness.accounts.signIn(
                    SignInAttempt(
                        email: "old@example.com", password: Password(bytes),
                        origin: PeopleHarness.origin), completion: completion)
            }
        }
        func stored() throws -> String {
            try harness.database.run("select password_hash from app_user where id = '\(old.id)'")
        }
        #expect(try signIn([0xFF, 0xFF]).failureWord == "wrongCredentials")
        #expect(try stored() == bcrypt)
        _ = try signIn([0xFF, 0xFF, 0xA3]).get()
        let new = try stored()
        #expect(new.hasPrefix("$y$jBT$"))
        _ = try signIn([0xFF, 0xFF, 0xA3]).get()
        #expect(try stored() == new)
    }

    @Test("a password that was changed meanwhile begins no session")
    func changedMeanwhile() throws {
        let credentials = try #require(try harness.people.credentials(ann.id))
        _ = try harness.people.reset(ann.id, link: Array(repeating: 1, count: 32), by: .sample)
        let begun = try harness.people.begin(
            SessionDraft(
                credentials: credentials, factor: .none, tokenHash: Array(repeating: 2, count: 32),
                newHash: nil, origin: PeopleHarness.origin, userAgent: nil))
        guard case .changed = begun else { return #expect(Bool(false)) }
        #expect(try harness.people.sessions(of: ann.id).isEmpty)
    }
}
