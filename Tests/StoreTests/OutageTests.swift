import Domain
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("The writer without its database", .blocking)
struct OutageTests {
    private static let nowhere = Result {
        try ConnectionSettings("postgresql://u@127.0.0.1:\(try FreePort.next())/d")
    }

    /// Whether a submission is refused before `submit` returns.
    private func refusesAtOnce(_ writer: ReportWriter) -> Bool {
        let answers = Answers()
        answers.submit(.sample([]), to: writer)
        let isAtOnce = answers.count == 1
        return answers.failures() == [.unavailable] && isAtOnce
    }

    @Test("while it is away longer than the deadline, submissions are refused at once")
    func refusesAtOnce() throws {
        let harness = WriterHarness(try Self.nowhere.get()) {
            $0.commitDeadline = .milliseconds(200)
        }
        let isRefusing = waitUntil(within: .seconds(20)) { refusesAtOnce(harness.writer) }
        #expect(isRefusing)
        #expect(harness.writer.writerState().awaySince != nil)
        harness.stop(within: .seconds(5))
    }

    @Test("a stop does not wait for a database that is away, and refuses what waits")
    func stops() throws {
        let silent = try SilentListener()
        let settings = try ConnectionSettings("postgresql://u@127.0.0.1:\(silent.port)/d")
        for database in [try Self.nowhere.get(), settings] {
            let harness = WriterHarness(database) { $0.connections = 2 }
            let answers = Answers()
            for number in 0..<50 { answers.submit(.sample([.sample(number)]), to: harness.writer) }
            let isAway = waitUntil(within: .seconds(20)) { harness.writer.isAway }
            #expect(isAway)
            harness.stop(within: .seconds(8))
            #expect(Set(answers.failures()) == [.stopping])
        }
    }

    @Test("an idle writer rarely tries a database that is away")
    func asksRarely() throws {
        let server = try PostgresServer.dedicated()
        let database = try TestDatabase(on: server)
        try database.run("alter role waybill nologin")
        let harness = WriterHarness(try database.responder)
        var attempts: Int { server.log.split(separator: "is not permitted to log in").count - 1 }
        let isTried = waitUntil(within: .seconds(20)) { attempts >= 1 }
        #expect(isTried)
        let first = ContinuousClock.now
        let isTriedAgain = waitUntil(within: .seconds(30)) { attempts >= 4 }
        #expect(isTriedAgain)
        #expect(ContinuousClock.now - first > .seconds(2))

        try database.run("alter role waybill login")
        let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isBack)
        harness.stop()
    }

    @Test("a server that only reads is away for as long as it does", arguments: [1, 2])
    func treatsReadOnlyAsAway(connections: Int) throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(300)
            $0.connections = connections
        }
        let before = Answers()
        before.submit(.sample([.sample(1)]), to: harness.writer)
        #expect(before.failures().isEmpty)

        try database.run("alter database \(database.name) set default_transaction_read_only = on")
        try terminateSessions(database)
        let answers = Answers()
        answers.submit(.sample([.sample(2)]), to: harness.writer)
        #expect(answers.failures() == [.unavailable])
        let isRefusing = waitUntil(within: .seconds(20)) { refusesAtOnce(harness.writer) }
        #expect(isRefusing)
        let since = harness.writer.writerState().awaySince
        #expect(since != nil)
        // Longer than an idle writer waits between two looks; a connect must not pass for a write.
        let changes = waitUntil(within: .milliseconds(2500)) {
            harness.writer.writerState().awaySince != since
        }
        #expect(!changes)

        try database.server.run(
            "alter database \(database.name) reset default_transaction_read_only")
        let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isBack)
        let after = Answers()
        after.submit(.sample([.sample(2)]), to: harness.writer)
        #expect(after.failures().isEmpty)
        harness.stop()
    }

    @Test("a server process that hangs blocks no caller, and another replaces it")
    func leavesHungSessions() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder) { $0.commitDeadline = .seconds(1) }
        let before = Answers()
        before.submit(.sample([.sample(1)]), to: harness.writer)
        #expect(before.failures().isEmpty)
        let session = try database.run(
            "select pid from pg_stat_activity where datname = current_database() and usename = 'waybill'"
        )
        let process = try #require(pid_t(session))
        kill(process, SIGSTOP)
        defer { kill(process, SIGCONT) }

        let answers = Answers()
        let started = ContinuousClock.now
        answers.submit(.sample([.sample(2)]), to: harness.writer)
        #expect(answers.failures() == [.unavailable])
        #expect(ContinuousClock.now - started < .seconds(10))
        let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isBack)
        let after = Answers()
        after.submit(.sample([.sample(3)]), to: harness.writer)
        #expect(after.failures().isEmpty)
        kill(process, SIGCONT)
        harness.stop()
    }

    private func terminateSessions(_ database: TestDatabase) throws {
        try database.run(
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where datname = current_database() and usename = 'waybill'
            """)
    }

    @Test("callers do not notice that somebody ends the writer's sessions", arguments: [1, 2])
    func survivesTermination(connections: Int) throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder) { $0.connections = connections }
        let load = Load(harness.writer)
        for _ in 0..<8 {
            let goal = load.successes + 50
            let isMoving = waitUntil(within: .seconds(20)) { load.successes >= goal }
            #expect(isMoving)
            try terminateSessions(database)
        }
        #expect(load.stop())
        harness.stop()
        #expect(load.failures == 0)
        #expect(try load.missing(in: database) == 0)
    }

    @Test("reports answered with success survive crashes of the server, and the writer recovers")
    func survivesCrashes() throws {
        let server = try PostgresServer.dedicated()
        let database = try TestDatabase(on: server)
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(500)
            $0.connections = 2
        }
        let load = Load(harness.writer)
        for _ in 0..<2 {
            let goal = load.successes + 200
            let isMoving = waitUntil(within: .seconds(30)) { load.successes >= goal }
            #expect(isMoving)
            try server.kill()
            let isAway = waitUntil(within: .seconds(20)) { harness.writer.isAway }
            #expect(isAway)
            let isRefusing = waitUntil(within: .seconds(20)) { refusesAtOnce(harness.writer) }
            #expect(isRefusing)
            try server.start()
            let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
            #expect(isBack)
        }
        let goal = load.successes + 200
        let isMoving = waitUntil(within: .seconds(30)) { load.successes >= goal }
        #expect(isMoving)
        #expect(load.stop())
        harness.stop()
        #expect(load.failures > 0)
        #expect(try load.missing(in: database) == 0)
        let counts = try database.run(
            "select (select count(*) from report) = (select sum(reports) from tally)")
        #expect(counts == "t")
    }
}
