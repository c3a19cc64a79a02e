import Domain
import Security
import TestSupport
import Testing

@testable import Store

@Suite("Users in the database", .blocking, .timeLimit(.minutes(10)))
struct UserStoreTests {
    private let harness: PeopleHarness
    private var people: PeopleStore { harness.people }

    init() throws {
        harness = try PeopleHarness()
    }

    private static let hash =
        "$y$jBT$7FFinaMKiBu375xDMKAKP0$n0wmzz7G4aEYhlcgzLmtX08nO3YyKu.CniJt1rTje79"

    private func add(_ email: String, _ role: Role = .viewer) throws -> User {
        try harness.add(email, role, hash: Self.hash)
    }

    private func audit(_ columns: String = "action, object, detail, before, after") throws -> String
    {
        try harness.database.run("select \(columns) from audit order by number")
    }

    @Test("a user is found by id and by address in any case, and listed by address")
    func find() throws {
        let bob = try add("Bob@Example.com", .admin)
        let ann = try add("ann@example.com")
        #expect(bob.id.version == 7)
        #expect(bob.email.text == "Bob@Example.com" && bob.name.description == "Bob")
        #expect(bob.hasPassword && !bob.hasTOTP && !bob.isDisabled && bob.lastSignInAt == nil)
        #expect(try people.user(bob.id) == bob)
        #expect(try people.user(email: harness.email("BOB@EXAMPLE.COM")) == bob)
        #expect(try people.user(UserID(high: 1, low: 1)) == nil)
        #expect(try people.user(email: harness.email("eve@example.com")) == nil)
        #expect(try people.users() == [ann, bob])
    }

    @Test("an address has one account, also if two ask at once")
    func taken() throws {
        _ = try add("ann@example.com")
        let draft = UserDraft(email: try harness.email("ANN@example.com"))
        #expect(
            try people.create(draft, link: nil, passwordHash: nil, by: .sample) == .emailTaken)
        let other = UserDraft(email: try harness.email("bob@example.com"))
        let made = try PeopleHarness.atOnce(6) { [people] _ in
            try people.create(other, link: nil, passwordHash: nil, by: .sample)
        }
        #expect(made.count { $0 == .emailTaken } == 5)
        #expect(try harness.database.run("select count(*) from audit") == "2")
    }

    @Test("each change leaves an entry with what was before and after, and nothing else does")
    func changes() throws {
        let ann = try add("ann@example.com")
        _ = try add("bob@example.com", .admin)
        let name = try #require(UserName("Ann Miller"))
        let change = UserChange(role: .operator, isDisabled: true, name: name)
        guard case .changed(let changed) = try people.change(ann.id, change, by: .sample) else {
            return #expect(Bool(false))
        }
        #expect(changed.role == .operator && changed.isDisabled && changed.name == name)
        #expect(try people.change(ann.id, change, by: .sample) == .changed(changed))
        #expect(try people.change(UserID(high: 1, low: 1), change, by: .sample) == .unknown)
        _ = try people.change(ann.id, UserChange(isDisabled: false), by: .sample)
        #expect(
            try audit().split(separator: "\n").dropFirst(2).joined(separator: "\n") == """
                user.role|\(ann.id)|{"email": "ann@example.com"}|{"role": "viewer"}|{"role": "operator"}
                user.disable|\(ann.id)|{"email": "ann@example.com"}|{"disabled": false}|{"disabled": true}
                user.change|\(ann.id)|{"email": "ann@example.com"}|{"name": "ann"}|{"name": "Ann Miller"}
                user.enable|\(ann.id)|{"email": "ann@example.com"}|{"disabled": true}|{"disabled": false}
                """)
        #expect(try audit("detail::text || before || after").contains("$y$") == false)
    }

    @Test("the last admin that is not disabled can be neither disabled nor demoted")
    func lastAdmin() throws {
        let ann = try add("ann@example.com", .admin)
        let bob = try add("bob@example.com", .admin)
        _ = try people.change(bob.id, UserChange(isDisabled: true), by: .sample)
        for change in [
            UserChange(role: .viewer), UserChange(isDisabled: true),
            UserChange(role: .operator, isDisabled: false),
        ] {
            #expect(try people.change(ann.id, change, by: .sample) == .lastAdmin)
        }
        // What takes no right from it may change, and so may others.
        let renamed = try people.change(
            ann.id, UserChange(role: .admin, isDisabled: false, name: UserName("Ann")), by: .sample)
        #expect(renamed != .lastAdmin)
        _ = try people.change(bob.id, UserChange(role: .viewer), by: .sample)
        #expect(try people.change(ann.id, UserChange(role: .viewer), by: .sample) == .lastAdmin)
        _ = try people.change(bob.id, UserChange(role: .admin, isDisabled: false), by: .sample)
        #expect(try people.change(ann.id, UserChange(role: .viewer), by: .sample) != .lastAdmin)
        #expect(try people.change(bob.id, UserChange(role: .viewer), by: .sample) == .lastAdmin)
    }

    @Test("of admins who take each other's rights at once, one stays")
    func lastAdminAtOnce() throws {
        for round in 0..<5 {
            let admins = try (0..<4).map { try add("admin\(round)-\($0)@example.com", .admin) }
            if round > 0 {
                try harness.database.run(
                    "update app_user set role = 'viewer' where email !~ '^admin\(round)'")
            }
            let results = try PeopleHarness.atOnce(8) { [people] index in
                let target = admins[(index + 1) % 4].id
                return try people.change(
                    target, index < 4 ? UserChange(role: .viewer) : UserChange(isDisabled: true),
                    by: .sample)
            }
            #expect(results.contains(.lastAdmin))
            #expect(
                try harness.database.run(
                    "select count(*) from app_user where role = 'admin' and not is_disabled") == "1"
            )
        }
    }

    @Test("accounts of another system come all at once; those that are there stay as they are")
    func add() throws {
        let ann = try add("ann@example.com", .admin)
        let bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
        let users = try ["bob@example.com", "ANN@example.com", "eve@example.com"].map {
            ImportedUser(draft: UserDraft(email: try harness.email($0)), passwordHash: bcrypt)
        }
        #expect(try people.add(users, by: .sample) == [true, false, true])
        #expect(try people.add(users, by: .sample) == [false, false, false])
        #expect(try people.user(ann.id) == ann)
        #expect(
            try harness.database.run(
                "select string_agg(action, ',' order by number) from audit")
                == "user.create,user.import,user.import")
    }

    @Test(
        "the database itself refuses what no user may be",
        arguments: [
            "role = 'root'", "email_key = 'bob@example.com'", "password_hash = 'plain text'",
            "password_hash = '*0'", "name = ''", "totp_secret = '\\x00'", "totp_last_step = 1",
        ])
    func constraints(assignment: String) throws {
        _ = try add("ann@example.com")
        _ = try add("bob@example.com")
        #expect(throws: (any Error).self) {
            try harness.database.run(
                "update app_user set \(assignment) where email = 'ann@example.com'")
        }
    }
}
