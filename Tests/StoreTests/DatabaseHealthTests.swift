import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The database's health", .blocking)
struct DatabaseHealthTests {
    @Test("a migrated database has no problem and a latency")
    func isWell() throws {
        let state = DatabaseHealth(try TestDatabase().pool()).databaseState()
        #expect(state.problem == nil)
        #expect(state.latency != nil)
        #expect(state.migration == DatabaseHealth.expectedMigration)
    }

    @Test("an empty database is reachable, and the command that mends it is named")
    func isEmpty() throws {
        let state = DatabaseHealth(try TestDatabase.empty().pool()).databaseState()
        #expect(state.latency != nil)
        #expect(state.problem?.contains("run waybill migrate") == true)
    }

    @Test("a database that is behind is a problem, one that is ahead is none")
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

    @Test("a role without rights is told so")
    func lacksRights() throws {
        let database = try TestDatabase()
        try database.run("revoke all on schema_migration from waybill")
        let state = DatabaseHealth(try database.pool()).databaseState()
        #expect(state.latency != nil)
        #expect(state.problem?.contains("permission") == true)
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
