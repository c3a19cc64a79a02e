import Foundation
import TestSupport
import Testing

@Suite("waybill user", .timeLimit(.minutes(10)))
struct UserCommandTests {
    private let demo: RunningDemo
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/people").path
    private static let password = "seven quiet trams at noon"

    init() throws {
        demo = try RunningDemo.shared
    }

    private func run(_ words: [String]) throws -> WaybillProgram.Outcome {
        try WaybillProgram.run(
            ["user"] + words,
            ["DATABASE_URL": demo.document.database_url, "APP_BASE_URL": demo.document.url])
    }

    private func done(_ words: [String]) throws -> String {
        let outcome = try run(words)
        #expect(outcome.exit == .status(0), "\(outcome.errors)")
        return outcome.output
    }

    /// An address that no other test has.
    private static func address() -> String {
        "user-\(UInt64.random(in: 0 ... .max))@example.com"
    }

    private func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "waybill-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The settings of a database without the demo's admin, and without the users of other tests.
    private func ownDatabase() throws -> [String: String] {
        let name = "people_\(UInt32.random(in: 0 ... .max))"
        try demo.sql("create database \(name) owner waybill_migrate")
        func url(_ text: String) -> String { text.replacing(/\/waybill$/, with: "/\(name)") }
        let settings = [
            "DATABASE_URL": url(demo.document.database_url),
            "MIGRATE_DATABASE_URL": url(demo.document.admin_database_url),
        ]
        #expect(try WaybillProgram.run(["migrate"], settings).exit == .status(0))
        return settings
    }

    @Test("create prints a link, reset a new one, and the list tells of it")
    func link() throws {
        let address = Self.address()
        let created = try run(["create", address, "--name", "Ann Miller", "--role", "operator"])
        #expect(created.exit == .status(0))
        let form = try Regex("\(demo.document.url)/set-password#[A-Za-z0-9_-]{43}\n")
        #expect(created.output.wholeMatch(of: form) != nil, "\(created.output)")
        #expect(created.errors.contains("24 hours"))
        let again = try run(["create", address.uppercased()])
        #expect(again.exit == .status(1))
        #expect(again.errors.contains("reset"))
        let reset = try done(["reset", address])
        #expect(reset.wholeMatch(of: form) != nil && reset != created.output)
        let line = try done(["list"]).split(separator: "\n").first { $0.contains(address) }
        #expect(line?.contains("Ann Miller\toperator\tenabled\t") == true)
        #expect(line?.contains("link until ") == true)
        let list = try JSON(line: try done(["list", "--json"]))["users"].array
        let user = try #require(list.first { $0["email"].string == address })
        #expect(user["role"].string == "operator")
        #expect(user["name"].string == "Ann Miller")
        #expect(try demo.sql("select count(*) from app_user where password_hash = ''") == "0")
    }

    @Test("without a public address the link lacks its beginning, and the command says so")
    func noAddress() throws {
        let outcome = try WaybillProgram.run(
            ["user", "create", Self.address()], ["DATABASE_URL": demo.document.database_url])
        #expect(outcome.exit == .status(0))
        #expect(outcome.output.hasPrefix("/set-password#"))
        #expect(outcome.errors.contains("APP_BASE_URL"))
    }

    @Test("a password comes from a file or from standard input, and must be a good one")
    func passwordFile() throws {
        let address = Self.address()
        let good = try file(Self.password + "\n")
        #expect(try done(["create", address, "--password-file", good]) == "created\n")
        #expect(
            try demo.sql("select left(password_hash, 7) from app_user where email = '\(address)'")
                == "$y$jBT$")
        for (text, word) in [
            ("short\n", "15 characters"), ("", "no password"), ("two\nlines of text\n", "one line"),
            ("aaaaaaaaaaaaaaaaaaaa\n", "repetition"), ("passwordpassword1\n", "password"),
        ] {
            let outcome = try run(["create", Self.address(), "--password-file", file(text)])
            #expect(outcome.exit == .status(1))
            #expect(outcome.errors.contains(word), "\(outcome.errors)")
        }
        let missing = try run(["create", Self.address(), "--password-file", "/nonexistent"])
        #expect(missing.exit == .status(1))
        let other = Self.address()
        let piped = try ChildProcess(
            "sh",
            [
                "-c",
                "printf '%s' '\(Self.password)' | \"$0\" user create \(other) --password-file -",
                WaybillProgram.path,
            ],
            environment: WaybillProgram.bareEnvironment.merging(
                ["DATABASE_URL": demo.document.database_url]) { $1 })
        #expect(try piped.waitForExit(within: .seconds(60)) == .status(0))
        #expect(piped.output == "created\n")
    }

    @Test("role, disable and enable change a user; a user that is none is named")
    func change() throws {
        let address = Self.address()
        _ = try done(["create", address])
        #expect(try done(["role", address, "operator"]).contains("\toperator\tenabled\t"))
        #expect(try done(["disable", address.uppercased()]).contains("\tdisabled\t"))
        #expect(try done(["enable", address]).contains("\tenabled\t"))
        for verb in ["disable", "enable", "reset", "sessions"] {
            let outcome = try run([verb, "nobody@example.com"])
            #expect(outcome.exit == .status(1))
            #expect(outcome.errors.contains("nobody@example.com"))
        }
    }

    @Test("the last admin can be neither disabled nor demoted, and a second one changes that")
    func lastAdmin() throws {
        let settings = try ownDatabase()
        func user(_ words: [String]) throws -> WaybillProgram.Outcome {
            try WaybillProgram.run(["user"] + words, settings)
        }
        #expect(try user(["create", "ann@example.com", "--role", "admin"]).exit == .status(0))
        for words in [["disable", "ann@example.com"], ["role", "ann@example.com", "viewer"]] {
            let outcome = try user(words)
            #expect(outcome.exit == .status(1))
            #expect(outcome.errors.contains("last admin"))
        }
        #expect(try user(["create", "bob@example.com", "--role", "admin"]).exit == .status(0))
        #expect(try user(["disable", "ann@example.com"]).exit == .status(0))
        #expect(try user(["disable", "bob@example.com"]).exit == .status(1))
    }

    @Test("sessions are listed, and ended")
    func sessions() throws {
        let address = Self.address()
        _ = try done(["create", address, "--password-file", file(Self.password)])
        let id = try demo.sql("select id from app_user where email = '\(address)'")
        try demo.sql(
            """
            insert into session (id, hash, user_id, role, ends_at, address, user_agent)
            select gen_random_uuid(), sha256('\(address)' || number::text::bytea), '\(id)', 'viewer',
                now() + interval '1 hour', '192.0.2.7', 'Browser/1'
            from generate_series(1, 2) as number
            """.replacing("'\(address)' ||", with: "'\(address)'::bytea ||"))
        let listed = try done(["sessions", address]).split(separator: "\n")
        #expect(listed.count == 2)
        #expect(listed.allSatisfy { $0.hasSuffix("192.0.2.7\tBrowser/1") })
        #expect(try done(["sessions", address, "--end"]) == "ended 2\n")
        #expect(try done(["sessions", address]) == "")
    }

    @Test("import takes the NextAuth guide's table, twice without harm, and nothing of a bad file")
    func imports() throws {
        let settings = try ownDatabase()
        func run(_ words: [String]) throws -> WaybillProgram.Outcome {
            try WaybillProgram.run(["user"] + words, settings)
        }
        func count() throws -> Int {
            try run(["list"]).output.split(separator: "\n").count
        }
        let bad = "\(Self.fixtures)/bad.csv"
        let refused = try run(["import", bad])
        #expect(refused.exit == .status(1))
        #expect(refused.output.contains("line 4: bad: the password is no bcrypt hash"))
        #expect(refused.errors.contains("6 of 8 records are bad, so nothing was taken"))
        #expect(!(refused.output + refused.errors).contains("plain text"))
        #expect(try count() == 0)

        let good = "\(Self.fixtures)/nextauth.csv"
        let dry = try run(["import", good, "--dry-run"])
        #expect(dry.exit == .status(0))
        #expect(dry.output.contains("line 2: Ann@Example.com: can be taken as viewer"))
        #expect(try count() == 0)
        let taken = try run(["import", good])
        #expect(taken.exit == .status(0))
        #expect(taken.errors.contains("Columns that are not taken: id, emailVerified, image"))
        #expect(taken.output.contains("line 3: bob@example.com: taken as admin\n"))
        #expect(taken.output.contains("\"USER\" is no role of ours"))
        #expect(taken.output.hasSuffix("4 taken, 0 left as they are, 0 bad\n"))
        #expect(try count() == 4)
        let again = try run(["import", good])
        #expect(again.exit == .status(0))
        #expect(again.output.hasSuffix("0 taken, 4 left as they are, 0 bad\n"))

        let skipped = try run(["import", bad, "--skip-bad"])
        #expect(skipped.exit == .status(3))
        #expect(skipped.output.hasSuffix("0 taken, 2 left as they are, 6 bad\n"))
    }

    @Test(
        "wrong usage exits 64 with one line that says what is wrong",
        arguments: [
            ([], "create"), (["lose"], "lose"), (["create"], "missing"),
            (["create", "ann"], "ann@example.com"), (["create", "a@b", "c@d"], "c@d"),
            (["create", "a@b", "--role", "root"], "root"),
            (["create", "a@b", "--password", "x"], "--password"),
            (["create", "a@b", "--name", " "], "--name"), (["role", "a@b"], "missing"),
            (["role", "a@b", "boss"], "boss"), (["list", "x"], "x"), (["sessions"], "missing"),
            (["import"], "missing"), (["import", "f", "--all"], "--all"),
        ])
    func usage(words: [String], name: String) throws {
        let outcome = try WaybillProgram.run(["user"] + words)
        #expect(outcome.exit == .status(64))
        #expect(outcome.errors.contains(name), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.output.isEmpty)
    }
}
