import Postgres
import TestSupport
import Testing

@Suite("The durability of a commit", .blocking)
struct DurabilityTests {
    /// A server that waits for a standby that does not exist; its superuser's writes do not.
    private func server(_ settings: [String: String] = [:]) throws -> (
        server: PostgresServer, settings: ConnectionSettings
    ) {
        let server = try PostgresServer.dedicated(settings: settings)
        try server.run("alter role postgres set synchronous_commit = local")
        try server.run("create role writer login password 'secret'")
        try server.run("create table kept (id int8 primary key); grant all on kept to writer")
        try server.run("alter system set synchronous_standby_names = 'absent'")
        try server.run("select pg_reload_conf()")
        return (
            server,
            try ConnectionSettings("postgresql://writer:secret@127.0.0.1:\(server.port)/postgres")
        )
    }

    /// The processes that wait for the standby.
    private func waiting(_ server: PostgresServer) throws -> [String] {
        try server.run("select pid from pg_stat_activity where wait_event = 'SyncRep'")
            .split(separator: "\n").map(String.init)
    }

    private func endWait(_ server: PostgresServer, with function: String) throws {
        let isWaiting = try waitUntil(within: .seconds(20)) { try !waiting(server).isEmpty }
        #expect(isWaiting)
        for process in try waiting(server) { try server.run("select \(function)(\(process))") }
    }

    @Test(
        "a commit whose wait for the standby was cancelled does not count as committed",
        arguments: ["pg_cancel_backend", "pg_terminate_backend"])
    func doubtsEndedWaits(function: String) throws {
        let (server, settings) = try server()
        let connection = try Connection(settings)
        let first = Worker { try endWait(server, with: function) }
        let batch = failure { () throws(PostgresError) in
            try connection.execute(Keep(id: 1), within: .seconds(60))
        }
        try first.join()
        #expect(batch?.isOutcomeUnknown == true)
        #expect(batch?.isTransient == true)
        #expect(!connection.isUsable)
        #expect(try server.run("select count(*) from kept") == "1")

        let second = try Connection(settings)
        let ender = Worker { try endWait(server, with: function) }
        let commit = failure { () throws(PostgresError) in
            try second.transaction { () throws(PostgresError) in
                try second.execute(Keep(id: 2))
            }
        }
        try ender.join()
        #expect(commit?.statement == "commit")
        #expect(commit?.isOutcomeUnknown == true)
        #expect(!second.isUsable)
    }

    @Test("a commit that waits for the standby is never cancelled, neither alone nor in a COMMIT")
    func neverCancels() throws {
        let (server, settings) = try server()
        let alone = failure { () throws(PostgresError) in
            try Connection(settings).execute(Keep(id: 1), within: .milliseconds(300))
        }
        #expect(alone?.code == .timeout && alone?.isOutcomeUnknown == true)
        let brief = try ConnectionSettings(
            "postgresql://writer:secret@127.0.0.1:\(server.port)/postgres",
            responseTimeout: .seconds(1))
        let connection = try Connection(brief)
        let commit = failure { () throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(Keep(id: 2))
            }
        }
        #expect(commit?.code == .timeout && commit?.isOutcomeUnknown == true)
        #expect(try waiting(server).count == 2)
        #expect(!server.log.contains("canceling"))
        // Other sessions do not see what is still waited for.
        #expect(try server.run("select count(*) from kept") == "0")
    }

    @Test("a warning of another kind does not make the outcome unknown")
    func passesWarnings() throws {
        let url = try PostgresServer.shared.createDatabase()
        let connection = try Connection(ConnectionSettings(url))
        try connection.execute(script: "do $$ begin raise warning 'careful'; end $$")
        #expect(try connection.execute(Echo(value: 1)).first == 1)
        #expect(connection.isUsable)
    }

    @Test(
        "a session raises synchronous_commit to on, and leaves a stronger setting",
        arguments: [
            ("off", "on"), ("local", "on"), ("remote_write", "on"), ("on", "on"),
            ("remote_apply", "remote_apply"),
        ])
    func raisesLevel(level: String, expected: String) throws {
        let server = try PostgresServer.shared
        let url = try server.createDatabase()
        let name = try #require(url.split(separator: "/").last)
        try server.run("alter database \(name) set synchronous_commit = \(level)")
        var settings = try ConnectionSettings(url)
        #expect(try Connection(settings).execute(CommitLevel()).first == expected)
        settings.isDurable = false
        #expect(try Connection(settings).execute(CommitLevel()).first == level)
        let inString = try ConnectionSettings(url + "?options=-c%20synchronous_commit%3Doff")
        #expect(try Connection(inString).execute(CommitLevel()).first == "on")
    }

    @Test("a reload that lowers it does not reach a session that is open")
    func outlastsReloads() throws {
        let server = try PostgresServer.dedicated()
        let connection = try Connection(ConnectionSettings(server.url(of: "postgres")))
        try server.run("alter system set synchronous_commit = off")
        try server.run("select pg_reload_conf()")
        let isReloaded = try waitUntil(within: .seconds(20)) {
            try server.run("show synchronous_commit") == "off"
        }
        #expect(isReloaded)
        #expect(try connection.execute(CommitLevel()).first == "on")
    }
}

private struct Keep: Statement {
    let id: Int64
    static let name: StaticString = "keep"
    static let sql: StaticString = "insert into kept (id) values ($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }
}

private struct CommitLevel: Statement {
    static let name: StaticString = "commit_level"
    static let sql: StaticString = "select current_setting('synchronous_commit')"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}
