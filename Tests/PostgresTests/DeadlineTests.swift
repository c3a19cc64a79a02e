import Glibc
import Postgres
import TestSupport
import Testing

@Suite("Deadlines and lost connections", .blocking)
struct DeadlineTests {
    private func measure(_ body: () throws -> Void) rethrows -> Duration {
        try ContinuousClock().measure(body)
    }

    @Test("the server's statement timeout is a timeout, and the connection stays usable")
    func timesOutAtTheServer() throws {
        let url = try PostgresServer.shared.createDatabase()
        let connection = try Connection(ConnectionSettings(url))
        try connection.execute(script: "set statement_timeout = 50")
        let error = failure { () throws(PostgresError) in
            try connection.execute(Sleep(milliseconds: 60_000))
        }
        #expect(error?.code == .timeout)
        #expect(error?.sqlState?.description == "57014")
        #expect(error?.isTransient == true)
        #expect(connection.isUsable)
    }

    @Test("the settings tell the server to give up before we do")
    func setsTimeouts() throws {
        let url = try PostgresServer.shared.createDatabase()
        let settings = try ConnectionSettings(url, responseTimeout: .milliseconds(600))
        let took = try measure {
            let connection = try Connection(settings)
            let error = failure { () throws(PostgresError) in
                try connection.execute(Sleep(milliseconds: 60_000))
            }
            #expect(error?.code == .timeout)
            #expect(error?.statement == "sleep")
            #expect(connection.isUsable)
        }
        #expect(took < .seconds(20))
    }

    @Test("a self-committing statement is not cancelled at its deadline; its outcome is unknown")
    func abandons() throws {
        let url = try PostgresServer.shared.createDatabase()
        let settings = try ConnectionSettings(url)
        let connection = try Connection(settings)
        let error = failure { () throws(PostgresError) in
            try connection.execute(Sleep(milliseconds: 60_000), within: .milliseconds(100))
        }
        #expect(error?.code == .timeout)
        #expect(error?.sqlState == nil)
        #expect(error?.isOutcomeUnknown == true)
        #expect(error?.isTransient == true)
        #expect(!connection.isUsable)
        let other = try Connection(settings)
        #expect(try other.execute(IsSleeping(process: connection.processID)).first == true)
        try other.execute(TerminateBackend(id: connection.processID))
    }

    @Test("inside of a transaction it is cancelled in time, and the outcome is known")
    func cancels() throws {
        let url = try PostgresServer.shared.createDatabase()
        // On a busy machine the cancel may take longer than it has; then it is tried again.
        let isConfirmed = try (0..<5).contains { _ in
            let connection = try Connection(ConnectionSettings(url))
            let error = failure { () throws(PostgresError) in
                try connection.transaction { () throws(PostgresError) in
                    try connection.execute(Sleep(milliseconds: 60_000), within: .seconds(2))
                }
            }
            #expect(error?.code == .timeout)
            #expect(error?.isOutcomeUnknown == false)
            // A late cancel would stop the next statement.
            #expect(!connection.isUsable)
            return error?.sqlState?.description == "57014"
        }
        #expect(isConfirmed)
    }

    @Test("the time for a cancel is part of the limit, also at a server that hangs")
    func countsCancel() throws {
        let url = try PostgresServer.shared.createDatabase()
        let connection = try Connection(ConnectionSettings(url))
        let took = measure {
            let error = failure { () throws(PostgresError) in
                try connection.transaction { () throws(PostgresError) in
                    // The process is stopped and takes no cancel.
                    kill(connection.processID, SIGSTOP)
                    try connection.execute(Echo(value: 1), within: .seconds(4))
                }
            }
            #expect(error?.code == .timeout)
        }
        kill(connection.processID, SIGCONT)
        #expect(took >= .seconds(3.9) && took < .seconds(4.9))
    }

    @Test("a host that accepts connections and never answers costs the deadline and no more")
    func givesUpOnSilence() throws {
        let silent = try SilentListener()
        let settings = try ConnectionSettings("postgresql://u:secret@127.0.0.1:\(silent.port)/d")
        let took = measure {
            let error = failure { () throws(PostgresError) in
                try Connection(settings, within: .milliseconds(300))
            }
            #expect(error?.code == .timeout)
            #expect(error?.isTransient == true)
        }
        #expect(took >= .milliseconds(290) && took < .seconds(3))
    }

    @Test("a port that refuses fails at once")
    func noticesRefusal() throws {
        let settings = try ConnectionSettings("postgresql://u@127.0.0.1:\(FreePort.next())/d")
        let took = measure {
            let error = failure { () throws(PostgresError) in try Connection(settings) }
            #expect(error?.code == .connection)
            #expect(error?.isConnectionLost == true)
        }
        #expect(took < .seconds(2))
    }

    @Test("dead and silent hosts before the right one are skipped")
    func triesAllHosts() throws {
        let server = try PostgresServer.shared
        let silent = try SilentListener()
        let refusing = try FreePort.next()
        let hosts = [refusing, silent.port, server.port].map { "127.0.0.1:\($0)" }
        let url =
            "postgresql://postgres:\(server.password)@\(hosts.joined(separator: ","))/postgres"
        let connection = try Connection(ConnectionSettings(url), within: .seconds(3))
        #expect(try connection.execute(Echo(value: 4)).first == 4)
    }

    @Test("a server that only reads is skipped when writes are wanted")
    func findsWritableServer() throws {
        let standby = try PostgresServer.dedicated(
            settings: ["default_transaction_read_only": "on"])
        let primary = try PostgresServer.shared
        let url =
            "postgresql://postgres@127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)/postgres"
            + "?target_session_attrs=read-write&password=\(standby.password)"
        #expect(standby.password == primary.password)
        let connection = try Connection(ConnectionSettings(url))
        #expect(try connection.execute(ServerPort()).first == "\(primary.port)")

        let only =
            "postgresql://postgres@127.0.0.1:\(standby.port)/postgres"
            + "?target_session_attrs=read-write&password=\(standby.password)"
        let settings = try ConnectionSettings(only)
        let error = failure { () throws(PostgresError) in try Connection(settings) }
        #expect(error?.code == .connection)
    }

    @Test(
        "a refusal at the connect carries its SQLSTATE",
        arguments: [
            ("postgres:wrong@", "postgres", PostgresError.Code.permission, "28P01"),
            ("", "no_such_database", .undefined, "3D000"),
        ])
    func reportsRefusals(
        user: String, database: String, code: PostgresError.Code, state: String
    ) throws {
        let server = try PostgresServer.shared
        let user = user.isEmpty ? "postgres:\(server.password)@" : user
        let settings = try ConnectionSettings(
            "postgresql://\(user)127.0.0.1:\(server.port)/\(database)")
        let error = failure { () throws(PostgresError) in try Connection(settings) }
        #expect(error?.code == code)
        #expect(error?.sqlState?.description == state)
        #expect(error?.isFailedConnect == true && error?.isTransient == true)
    }

    @Test(
        "whatever error a server refuses a connect with, it may accept one later",
        arguments: [
            ("alter database refused allow_connections false", "55000"),
            ("alter database refused connection limit 0", "53300"),
            ("alter role refused nologin", "28000"),
        ])
    func waitsOutRefusals(change: String, state: String) throws {
        let server = try PostgresServer.dedicated()
        try server.run("create role refused login password 'secret'")
        try server.run("create database refused")
        try server.run(change)
        let settings = try ConnectionSettings(
            "postgresql://refused:secret@127.0.0.1:\(server.port)/refused")
        let error = failure { () throws(PostgresError) in try Connection(settings) }
        #expect(error?.sqlState?.description == state)
        #expect(error?.isTransient == true)
    }

    @Test("a session that an administrator ended is lost, in a batch with the outcome unknown")
    func noticesTermination() throws {
        let url = try PostgresServer.shared.createDatabase()
        let settings = try ConnectionSettings(url)
        let other = try Connection(settings)
        let connection = try Connection(settings)
        let id = try #require(try connection.execute(BackendID()).first)
        #expect(connection.isAlive())
        let pending = try connection.send(Sleep(milliseconds: 60_000))
        try other.execute(TerminateBackend(id: id))
        let error: PostgresError?
        do throws(PostgresError) {
            _ = try pending.receive()
            error = nil
        } catch let lost {
            error = lost
        }
        #expect(error?.isConnectionLost == true)
        #expect(error?.isTransient == true)
        #expect(error?.sqlState?.description == "57P01")
        #expect(error?.isOutcomeUnknown == true)
        #expect(!connection.isAlive())
    }

    @Test("a connection lost in a transaction has committed nothing; lost in COMMIT, it is unknown")
    func knowsTheOutcome() throws {
        let url = try PostgresServer.shared.createDatabase()
        let settings = try ConnectionSettings(url)
        let other = try Connection(settings)
        try other.execute(
            script: """
                create function linger() returns trigger language plpgsql as
                    'begin perform pg_sleep(60); return null; end';
                create table slow (id int8);
                create constraint trigger linger after insert on slow
                    deferrable initially deferred for each row execute function linger();
                """)
        let first = try Connection(settings)
        let firstID = try #require(try first.execute(BackendID()).first)
        let inside = failure { () throws(PostgresError) in
            try first.transaction { () throws(PostgresError) in
                try other.execute(TerminateBackend(id: firstID))
                try first.execute(Echo(value: 1))
            }
        }
        #expect(inside?.isConnectionLost == true)
        #expect(inside?.isOutcomeUnknown == false)

        let second = try Connection(settings)
        let killer = Worker {
            let isCommitting = try waitUntil(within: .seconds(10)) {
                try other.execute(CommittingSession()).first != nil
            }
            #expect(isCommitting)
            let id = try #require(try other.execute(CommittingSession()).first)
            try other.execute(TerminateBackend(id: id))
        }
        let commit = failure { () throws(PostgresError) in
            try second.transaction { () throws(PostgresError) in
                try second.execute(InsertSlow())
            }
        }
        try killer.join()
        #expect(commit?.statement == "commit")
        #expect(commit?.isConnectionLost == true)
        #expect(commit?.isOutcomeUnknown == true)
    }
}

private struct InsertSlow: Statement {
    static let name: StaticString = "insert_slow"
    static let sql: StaticString = "insert into slow (id) values (1)"
}

private struct CommittingSession: Statement {
    static let name: StaticString = "committing_session"
    static let sql: StaticString = """
        select pid from pg_stat_activity
        where datname = current_database() and query = 'commit' and wait_event = 'PgSleep'
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 {
        try row.next(Int32.self)
    }
}

private struct IsSleeping: Statement {
    let process: Int32
    static let name: StaticString = "is_sleeping"
    static let sql: StaticString = """
        select exists (
            select from pg_stat_activity
            where pid = $1 and state = 'active' and wait_event = 'PgSleep')
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(process)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}
