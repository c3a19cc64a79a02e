import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Answers while a synchronous standby is away", .blocking)
struct SynchronousReplicationTests {
    /// A database whose role waits for a standby that does not exist.
    private let database: TestDatabase
    private var server: PostgresServer { database.server }

    init() throws {
        let server = try PostgresServer.dedicated(settings: ["max_connections": "40"])
        database = try TestDatabase(on: server)
        // The tests' own statements do not wait.
        try server.run("alter role postgres set synchronous_commit = local")
    }

    private func wait(for standbys: String) throws {
        try server.run("alter system set synchronous_standby_names = '\(standbys)'")
        try server.run("select pg_reload_conf()")
        let isReloaded = try waitUntil(within: .seconds(20)) {
            try server.run("show synchronous_standby_names") == standbys
        }
        #expect(isReloaded)
    }

    /// The sessions that wait for the standby.
    private func waiting() throws -> [String] {
        try server.run("select pid from pg_stat_activity where wait_event = 'SyncRep'")
            .split(separator: "\n").map(String.init)
    }

    private func harness(_ deadline: Duration = .seconds(1)) throws -> WriterHarness {
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = deadline
            $0.connections = 2
            $0.lockWait = .milliseconds(100)
        }
        harness.connect()
        return harness
    }

    @Test("no callback is answered with success, few sessions are left, and all recover")
    func refuses() throws {
        let harness = try harness()
        try wait(for: "absent")
        let answers = Answers()
        let submissions = (0..<60).map { Submission.sample([.sample($0)]) }
        for submission in submissions.prefix(20) {
            answers.submit(submission, to: harness.writer)
        }
        #expect(answers.failures() == Array(repeating: .unavailable, count: 20))
        // From then on they are refused at once, so that the provider need not wait.
        let refusesAtOnce = waitUntil(within: .seconds(20)) {
            let answers = Answers()
            answers.submit(submissions[20], to: harness.writer)
            return answers.count == 1
        }
        #expect(refusesAtOnce)
        for submission in submissions { answers.submit(submission, to: harness.writer) }
        #expect(Set(answers.failures()) == [.unavailable])
        func namesStandby() -> Bool { harness.writer.writeProblem?.contains("standby") == true }
        let isNamed = waitUntil(within: .seconds(20)) { namesStandby() }
        #expect(isNamed)
        // Idle committers check repeatedly, and a write of nothing does not count.
        let isDeceived = waitUntil(within: .milliseconds(3500)) { !namesStandby() }
        #expect(!isDeceived)
        #expect(try waiting().count <= 2)
        #expect(!harness.writer.isStuck())
        #expect(!server.log.contains("canceling wait"))
        #expect(!server.log.contains("canceling the wait"))

        try wait(for: "")
        let isBack = waitUntil(within: .seconds(20)) { harness.writer.writeProblem == nil }
        #expect(isBack)
        let after = Answers()
        for submission in submissions { after.submit(submission, to: harness.writer) }
        #expect(after.failures().isEmpty)
        harness.stop()
        #expect(try database.run("select count(*) from report") == "60")
        #expect(try database.run("select sum(reports) from tally") == "60")
    }

    @Test("a new process finds sessions that another one left, and does not add to them")
    func leavesFew() throws {
        let first = try harness()
        try wait(for: "absent")
        let answers = Answers()
        answers.submit(.sample([.sample(1)]), to: first.writer)
        #expect(answers.failures() == [.unavailable])
        first.stop()
        let left = try waiting()
        #expect(left.count == 1)
        for number in 2..<6 {
            let next = WriterHarness(try database.responder) { $0.commitDeadline = .seconds(1) }
            let answers = Answers()
            answers.submit(.sample([.sample(number)]), to: next.writer)
            #expect(answers.failures() == [.unavailable])
            next.stop()
        }
        #expect(try waiting() == left)
    }

    @Test("when the wait is cancelled, the batch is written again, and waits again")
    func doubtsEndedWaits() throws {
        let harness = try harness(.seconds(20))
        try wait(for: "absent")
        let answers = Answers()
        answers.submit(.sample([.sample(1)]), to: harness.writer)
        var seen: Set<String> = []
        for function in ["pg_cancel_backend", "pg_terminate_backend", "pg_cancel_backend"] {
            let isWaiting = try waitUntil(within: .seconds(10)) {
                try waiting().contains { !seen.contains($0) }
            }
            #expect(isWaiting)
            for process in try waiting() where seen.insert(process).inserted {
                try server.run("select \(function)(\(process))")
            }
        }
        // The rows exist: a repetition adds rows only to the archive, and waits.
        let waitsAgain = try waitUntil(within: .seconds(10)) { try !waiting().isEmpty }
        #expect(waitsAgain)
        #expect(try database.run("select count(*) from report") == "1")
        #expect(answers.count == 0)
        try wait(for: "")
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(try database.run("select count(*) from report") == "1")
        #expect(try database.run("select sum(reports) from tally") == "1")
    }

    @Test("a repeated callback waits for the standby, though its rows are there already")
    func repetitionsWait() throws {
        let harness = try harness()
        let known = Submission.sample([.sample(1), .sample(2)])
        let before = Answers()
        before.submit(known, to: harness.writer)
        #expect(before.failures().isEmpty)
        try wait(for: "absent")
        let answers = Answers()
        answers.submit(known, to: harness.writer)
        #expect(answers.failures() == [.unavailable])
        try wait(for: "")
        harness.stop()
    }

    @Test("a batch whose rows all exist would not wait without its additional write")
    func emptyBatchesWait() throws {
        try wait(for: "absent")
        let alone = try Connection(try database.responder)
        try alone.execute(
            RecordReports(reports: [], shard: 0), UpsertMessageStatus(decisive: []),
            within: .seconds(20))
        let connection = try Connection(try database.responder)
        let error: PostgresError?
        do throws(PostgresError) {
            try connection.execute(
                WaitForStandby(), RecordReports(reports: [], shard: 0),
                UpsertMessageStatus(decisive: []), within: .milliseconds(500))
            error = nil
        } catch let caught {
            error = caught
        }
        #expect(error?.isOutcomeUnknown == true)
        #expect(try waiting().count == 1)
        try wait(for: "")
    }

    @Test("reports answered with success survive their server: the standby has all of them")
    func survivesFailover() throws {
        let standby = try server.standby(named: "standby")
        try wait(for: "standby")
        let settings = try ConnectionSettings(
            "postgresql://waybill:secret@127.0.0.1:\(server.port),127.0.0.1:\(standby.port)/"
                + "\(database.name)?target_session_attrs=read-write")
        let harness = WriterHarness(settings) {
            $0.connections = 2
            $0.commitDeadline = .seconds(4)
        }
        let load = Load(harness.writer)
        let isMoving = waitUntil(within: .seconds(30)) { load.successes >= 200 }
        #expect(isMoving)
        try server.kill()
        try standby.run("select pg_promote()")
        let goal = load.successes + 100
        let isBack = waitUntil(within: .seconds(40)) { load.successes >= goal }
        #expect(isBack)
        #expect(load.stop())
        harness.stop()
        let copy = TestDatabase(server: standby, name: database.name)
        #expect(try load.missing(in: copy) == 0)
        let state = DatabaseHealth(
            ConnectionPool(settings, maximumCount: 1), settings: settings
        ).databaseState()
        #expect(state.durability?.timeline == 2)
        #expect(state.durability?.warning?.contains("failover") == true)
    }

    @Test("accepting, repeating and cancelling a send are promises, and wait")
    func sendingWaits() throws {
        let settings = try ConnectionSettings(
            "postgresql://waybill:secret@127.0.0.1:\(server.port)/\(database.name)",
            responseTimeout: .seconds(1))
        let pool = ConnectionPool(settings, maximumCount: 4)
        let queue = SendQueue(pool, feed: ChangeFeed(), logger: .silent)
        let key = Idempotency.sample()
        let (plain, repeated, gone) = (
            try SendRequest.sample(), try SendRequest.sample(), try SendRequest.sample()
        )
        #expect(try queue.accept(plain, nil) == .queued)
        #expect(try queue.accept(repeated, key) == .queued)
        #expect(try queue.accept(gone, nil) == .queued)
        #expect(try queue.cancel(gone.recipients[0].message, at: .now, by: .sample) == .cancelled)
        try wait(for: "absent")

        /// Each from a pool of its own: one with an unknown commit would not begin.
        func fails(_ body: (SendQueue) throws -> Void) -> Bool {
            let queue = SendQueue(
                ConnectionPool(settings, maximumCount: 1), feed: ChangeFeed(), logger: .silent)
            do {
                try body(queue)
                return false
            } catch {
                return (error as? StoreFailure)?.code == .unavailable
            }
        }
        #expect(fails { _ = try $0.accept(.sample(), nil) })
        // Released, so that the next one begins.
        func release() throws {
            for process in try waiting() {
                try server.run("select pg_terminate_backend(\(process), 5000)")
            }
        }
        try release()
        #expect(fails { _ = try $0.accept(plain, nil) })
        try release()
        #expect(fails { _ = try $0.accept(.sample(), .sample(key: "new")) })
        try release()
        #expect(fails { _ = try $0.accept(.sample(), key) })
        try release()
        #expect(fails { _ = try $0.cancel(gone.recipients[0].message, at: .now, by: .sample) })

        // Repeated failures leave no further sessions.
        for _ in 0..<12 { #expect(fails { _ = try $0.accept(.sample(), nil) }) }
        #expect(try waiting().count <= 2)
        // Reading goes on.
        #expect(try queue.states(of: [plain.recipients[0].message]).count == 1)
        try wait(for: "")
        #expect(try queue.accept(.sample(), key) == .repeated(key.answer))
        #expect(!server.log.contains("canceling wait"))
    }
}
