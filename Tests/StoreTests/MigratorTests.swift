import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Bringing the schema up to date", .blocking)
struct MigratorTests {
    private let database: TestDatabase

    init() throws {
        database = try .empty()
    }

    private let one = MigrationFile(
        version: 1, name: "0001_create_one.sql",
        sql: """
            create table one (id int); insert into one values (1);
            """)
    private let two = MigrationFile(
        version: 2, name: "0002_create_two.sql", sql: "create table two (id int)")
    private let three = MigrationFile(
        version: 3, name: "0003_fill_one.sql", sql: "insert into one values (3)")

    private func migrate(_ files: [MigrationFile]) throws -> [String] {
        try Migrator(database.owner, files: files).migrate(granting: []) { _ in }.map(\.name)
    }

    /// The error of a migrator that must refuse.
    private func refusal(_ files: [MigrationFile]) throws -> String {
        let migrator = try Migrator(database.owner, files: files)
        let error = #expect(throws: MigrationError.self) {
            try migrator.migrate(granting: []) { _ in }
        }
        let seen = #expect(throws: MigrationError.self) { try migrator.status() }
        #expect(seen?.description == error?.description)
        return error?.description ?? ""
    }

    @Test("the real migrations are applied once, in order, and named before they run")
    func migratesFresh() throws {
        let files = try TestDatabase.files.get()
        let migrator = try Migrator(database.owner, files: files)
        #expect(try migrator.status().map(\.isApplied) == files.map { _ in false })
        // Reading the status changed nothing.
        #expect(try database.run("select to_regclass('schema_migration') is null") == "t")

        var told: [MigrationFile] = []
        #expect(try migrator.migrate(granting: TestDatabase.roles) { told.append($0) } == files)
        #expect(told == files)
        #expect(try migrator.status().map(\.isApplied) == files.map { _ in true })

        #expect(try migrator.migrate(granting: TestDatabase.roles) { told.append($0) } == [])
        #expect(told.count == files.count)
        #expect(
            try database.run("select version, name, checksum from schema_migration order by 1")
                == files.map { "\($0.version)|\($0.name)|\($0.checksum)" }.joined(separator: "\n"))
    }

    @Test("only what is missing is applied")
    func continues() throws {
        #expect(try migrate([one]) == [one.name])
        let status = try Migrator(database.owner, files: [one, two, three]).status()
        #expect(status.map(\.isApplied) == [true, false, false])
        #expect(status.map(\.file) == [one, two, three])
        #expect(try migrate([one, two, three]) == [two.name, three.name])
        #expect(try database.run("select id from one order by id") == "1\n3")
    }

    @Test("a file that was changed after it was applied is refused with its name")
    func refusesChanged() throws {
        _ = try migrate([one, two])
        let changed = MigrationFile(version: 1, name: one.name, sql: one.sql + "\n")
        #expect(try refusal([changed, two, three]).hasPrefix("0001_create_one.sql was changed"))
        #expect(try database.run("select count(*) from schema_migration") == "2")
    }

    @Test("a file that is applied and missing is refused with its name")
    func refusesMissing() throws {
        _ = try migrate([one, two])
        #expect(try refusal([one]).hasPrefix("0002_create_two.sql is applied but missing"))
    }

    @Test("a file that was renamed is refused with both names")
    func refusesRenamed() throws {
        _ = try migrate([one, two])
        let renamed = MigrationFile(version: 2, name: "0002_create_too.sql", sql: two.sql)
        let text = try refusal([one, renamed])
        #expect(text.contains("0002_create_too.sql") && text.contains("0002_create_two.sql"))
    }

    @Test("a list of migrations with a gap is refused with the name after it")
    func refusesOutOfOrder() throws {
        _ = try migrate([one, two, three])
        try database.run("delete from schema_migration where version = 2")
        #expect(try refusal([one, two, three]).hasPrefix("0003_fill_one.sql was applied out of"))
    }

    @Test("a migration that fails is rolled back and named; those before it stay")
    func rollsBack() throws {
        let bad = MigrationFile(
            version: 2, name: "0002_break_thing.sql",
            sql: "create table two (id int); insert into one values (2); select 1 / 0")
        let error = #expect(throws: MigrationError.self) { try migrate([one, bad, three]) }
        #expect(error?.description.hasPrefix("0002_break_thing.sql: ") == true)
        #expect(error?.description.contains("division by zero") == true)
        #expect(try database.run("select to_regclass('two') is null, id from one") == "t|1")
        #expect(try database.run("select max(version) from schema_migration") == "1")
        #expect(try migrate([one, two]) == [two.name])
    }

    @Test("of two at once one works and the other waits and finds nothing to do")
    func takesTurns() throws {
        let names = Mutex<[String]>([])
        let files = try TestDatabase.files.get()
        let owner = try database.owner
        let workers = (0..<3).map { _ in
            Worker {
                let applied = try? Migrator(owner, files: files)
                    .migrate(granting: TestDatabase.roles) { _ in }
                names.withLock { $0 += applied?.map(\.name) ?? ["failed"] }
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(names.withLock { $0 } == files.map(\.name))
    }

    @Test("the responder gets its rights, and may not migrate itself")
    func grants() throws {
        _ = try database.migrate()
        let health = DatabaseHealth(try database.pool())
        #expect(health.databaseState().problem == nil)
        let applied = try TestDatabase.files.get()
        let version = applied.count + 1
        let files =
            applied + [
                MigrationFile(version: version, name: "000\(version)_add_more.sql", sql: "select 1")
            ]
        let migrator = try Migrator(database.responder, files: files)
        #expect(try migrator.status().map(\.isApplied).last == false)
        #expect(throws: MigrationError.self) { try migrator.migrate(granting: []) { _ in } }
        #expect(try database.run("select count(*) from schema_migration") == "\(applied.count)")
    }

    @Test("a responder's role that does not exist is named")
    func namesUnknownRole() throws {
        let migrator = try Migrator(database.owner, files: TestDatabase.files.get())
        let error = #expect(throws: MigrationError.self) {
            try migrator.migrate(granting: [RoleUser(.responder, user: "no \"body\"")]) { _ in }
        }
        #expect(error?.description.hasPrefix("granting rights to no \"body\": ") == true)
    }

    @Test("a role with a name that must be quoted gets its rights")
    func quotesRole() throws {
        try database.run(#"create role "Way ""bill""; x" login password 'secret'"#)
        _ = try Migrator(database.owner, files: TestDatabase.files.get())
            .migrate(granting: [RoleUser(.responder, user: #"Way "bill"; x"#)]) { _ in }
        #expect(
            try database.run(#"select has_table_privilege('Way "bill"; x', 'report', 'insert')"#)
                == "t")
        try database.run(#"drop owned by "Way ""bill""; x"; drop role "Way ""bill""; x""#)
    }

    @Test("a server that is not there is told without the password")
    func cannotConnect() throws {
        let settings = try ConnectionSettings(
            "postgresql://u:hunter2@127.0.0.1:\(try FreePort.next())/d")
        let error = #expect(throws: MigrationError.self) { try Migrator(settings, files: [one]) }
        #expect(error?.description.contains("hunter2") == false)
    }
}
