import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Migrations that need a lock", .blocking)
struct MigratorLockTests {
    private let database: TestDatabase
    private let files: [MigrationFile]

    init() throws {
        database = try TestDatabase()
        let applied = try TestDatabase.files.get()
        files =
            applied + [
                MigrationFile(
                    version: applied.count + 1, name: "000\(applied.count + 1)_alter_message.sql",
                    sql: "alter table message add column probe integer")
            ]
    }

    private func migrator(tries: Int, timeoutMilliseconds: Int = 100) throws -> Migrator {
        try Migrator(
            database.owner, files: files,
            patience: LockPatience(timeoutMilliseconds: timeoutMilliseconds, tries: tries) { _ in
                .milliseconds(50)
            })
    }

    @Test("one that waits for a long transaction lets callbacks through, and succeeds after it")
    func letsCallbacksThrough() throws {
        let blocker = try Connection(database.admin)
        try blocker.execute(script: "begin; select count(*) from message")
        let backend = try #require(try blocker.execute(SelectBackend()).first)
        let waits = Mutex<[LockWait]>([])
        let migrator = try migrator(tries: 10_000)
        let worker = Worker {
            _ = try? migrator.migrate(granting: TestDatabase.roles, onApply: { _ in }) { wait in
                waits.withLock { $0.append(wait) }
            }
        }
        func waited(_ count: Int) -> Bool {
            waitUntil(within: .seconds(60)) { waits.withLock { $0.count } >= count }
        }
        #expect(waited(2))
        let writer = WriterHarness(try database.responder)
        for number in 0..<10 {
            #expect(waited(2 + number))
            let answers = Answers()
            answers.submit(.sample([.sample(number)]), to: writer.writer)
            #expect(answers.failures().isEmpty)
        }
        writer.stop()
        #expect(try database.run("select count(*) from message") == "10")
        #expect(
            try database.run("select max(version) from schema_migration") == "\(files.count - 1)")
        try blocker.execute(script: "rollback")
        #expect(worker.join(within: .seconds(60)))
        #expect(try database.run("select max(version) from schema_migration") == "\(files.count)")
        let seen = waits.withLock { $0.flatMap(\.blockers).map(\.backend) }
        #expect(seen.contains(backend))
        let text = try #require(waits.withLock { $0.first?.description })
        #expect(
            text.hasPrefix("\(files[files.count - 1].name): a lock did not come in time; held by"))
        #expect(text.contains("Try 1 of 10000; the next one in 50 ms, callbacks go on meanwhile"))
    }

    @Test("one that never gets it ends with the blockers and what to do, and changes nothing")
    func tellsBlocker() throws {
        let blocker = try Connection(database.admin)
        try blocker.execute(script: "begin; select count(*) from message")
        let backend = try #require(try blocker.execute(SelectBackend()).first)
        let migrator = try migrator(tries: 10, timeoutMilliseconds: 1000)
        let error = #expect(throws: MigrationError.self) {
            try migrator.migrate(granting: TestDatabase.roles) { _ in }
        }
        let text = error?.description ?? ""
        #expect(text.contains("process \(backend) (role postgres, application waybill"), "\(text)")
        #expect(text.contains("10 times in a row. Nothing of this file was applied"), "\(text)")
        #expect(text.contains("pg_terminate_backend(\(backend))"), "\(text)")
        #expect(try migrator.status().map(\.isApplied).last == false)
    }
}
