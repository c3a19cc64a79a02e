import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The database's health", .blocking)
struct DatabaseHealthTests {
    @Test("a migrated database has no problem and a latency")
    func isHealthy() throws {
        let state = DatabaseHealth(try TestDatabase().pool()).databaseState()
        #expect(state.problem == nil)
        #expect(state.latency != nil)
        #expect(state.migration == DatabaseHealth.expectedMigration)
    }

    @Test("the durability is shown as the server and the role have it, not as we raise it")
    func tellsDurability() throws {
        let database = try TestDatabase()
        try database.run(
            "alter role waybill in database \(database.name) set synchronous_commit = off")
        let state = DatabaseHealth(try database.pool(), settings: try database.responder)
            .databaseState()
        let identifier = try database.run("select system_identifier from pg_control_system()")
        #expect(
            state.durability
                == DatabaseState.Durability(
                    synchronousCommit: "off", synchronousStandbyNames: "", timeline: 1,
                    systemIdentifier: Int64(identifier), warning: nil))
    }

    @Test(
        "where several hosts are named and no standby is waited for, it warns",
        arguments: [("", true), ("somebody", false)])
    func warnsOfFailovers(standbys: String, isWarned: Bool) throws {
        let server = try PostgresServer.dedicated(
            settings: ["synchronous_standby_names": standbys])
        try server.run("set synchronous_commit = local; create role asker login password 'secret'")
        let hosts = "127.0.0.1:\(server.port),127.0.0.1:\(server.port)"
        let settings = try ConnectionSettings("postgresql://asker:secret@\(hosts)/postgres")
        try server.run(
            """
            set synchronous_commit = local;
            create table schema_migration (version integer);
            grant select on schema_migration to asker
            """)
        let pool = ConnectionPool(settings, maximumCount: 1)
        let warning = DatabaseHealth(pool, settings: settings).databaseState().durability?.warning
        #expect((warning?.contains("a 200 may be lost at a failover") == true) == isWarned)
        let single = try ConnectionSettings(
            "postgresql://asker:secret@127.0.0.1:\(server.port)/postgres")
        let unwarned = DatabaseHealth(pool, settings: single).databaseState().durability
        #expect(unwarned != nil && unwarned?.warning == nil)
    }

    @Test("an empty database is reachable, and the command that helps is named")
    func isEmpty() throws {
        let state = DatabaseHealth(try TestDatabase.empty().pool()).databaseState()
        #expect(state.latency != nil)
        #expect(state.problem?.contains("run waybill migrate") == true)
    }

    @Test("a database that is behind is a problem, one that is ahead is not")
    func comparesVersions() throws {
        let database = try TestDatabase()
        let health = DatabaseHealth(try database.pool())
        let expected = DatabaseHealth.expectedMigration
        try database.run("insert into schema_migration values (\(expected + 1), 'add_more.sql', 1)")
        #expect(health.databaseState().problem == nil)
        #expect(health.databaseState().migration == expected + 1)
        try database.run("delete from schema_migration where version >= \(expected)")
        let state = health.databaseState()
        #expect(state.migration == expected - 1)
        #expect(
            state.problem
                == "The database has migration \(expected - 1), this version needs \(expected):"
                + " run waybill migrate.")
    }

    @Test("a database that can only be read is a problem, though it answers, and is not unfit")
    func isReadOnly() throws {
        let database = try TestDatabase()
        try database.run(
            "do $$ begin execute format("
                + "'alter database %I set default_transaction_read_only to on',"
                + " current_database()); end $$")
        let state = DatabaseHealth(try database.pool()).databaseState()
        #expect(state.latency != nil)
        #expect(state.migration == DatabaseHealth.expectedMigration)
        #expect(state.problem?.contains("default_transaction_read_only") == true)
        #expect(!state.isUnfit)
        #expect(DatabaseHealth(try TestDatabase.empty().pool()).databaseState().isUnfit)
    }

    @Test("a role without rights is reported")
    func lacksRights() throws {
        let database = try TestDatabase()
        try database.run("revoke all on schema_migration from waybill")
        let state = DatabaseHealth(try database.pool()).databaseState()
        #expect(state.latency != nil)
        #expect(state.problem?.contains("permission") == true)
    }

    @Test("a right that is missing is named, with the setting that gives it")
    func namesMissingRight() throws {
        let database = try TestDatabase()
        let dispatcher = DatabaseHealth(try database.dispatcherPool(), as: .dispatcher)
        #expect(DatabaseHealth(try database.pool()).missingRights() == nil)
        #expect(dispatcher.missingRights() == nil)
        try database.run(
            """
            revoke insert on report, dead_letter from waybill_dispatch;
            revoke execute on function drop_old_keys from waybill;
            """)
        #expect(
            dispatcher.missingRights()
                == "The role of the dispatcher lacks INSERT on dead_letter, INSERT on report;"
                + " run waybill migrate with DISPATCH_DATABASE_URL set, it grants the rights.")
        #expect(
            DatabaseHealth(try database.pool()).missingRights()
                == "The role of the responder lacks EXECUTE on drop_old_keys;"
                + " run waybill migrate with DATABASE_URL set, it grants the rights.")
        try database.migrate()
        #expect(dispatcher.missingRights() == nil)
    }

    @Test("a server that is not there has no latency")
    func isAway() throws {
        let settings = try ConnectionSettings(
            "postgresql://u@127.0.0.1:\(try FreePort.next())/d")
        let state = DatabaseHealth(ConnectionPool(settings, maximumCount: 1)).databaseState()
        #expect(state.latency == nil)
        #expect(state.migration == nil)
        #expect(state.problem != nil)
    }
}
