import Domain
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("A database that works, but slowly", .blocking)
struct SlowDatabaseTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// Lets every batch take so long.
    private func slowDown(to seconds: Double) throws {
        try database.run(
            """
            create function delay() returns trigger language plpgsql
                as $$ begin perform pg_sleep(\(seconds)); return null; end $$;
            create trigger delay after insert on callback
                for each statement execute function delay()
            """)
    }

    /// Answers with how long they took, in seconds.
    private final class Times: Sendable {
        let taken = Mutex<[(seconds: Double, isSuccess: Bool)]>([])

        func submit(_ submission: Submission, to writer: ReportWriter) {
            let start = ContinuousClock.now
            writer.submit(submission) { [self] answer in
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                taken.withLock { $0.append((seconds, answer.isSuccess)) }
            }
        }

        var all: [(seconds: Double, isSuccess: Bool)] { taken.withLock { $0 } }
    }

    @Test("no caller waits longer than the deadline, and most that would be late do not wait")
    func sheds() throws {
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .seconds(2)
            $0.connections = 2
            $0.crowdReports = 20
            $0.batchReports = 100
        }
        harness.connect()
        try slowDown(to: 1.25)
        let times = Times()
        let start = ContinuousClock.now
        var submitted = 0
        // Forty clients with twenty reports each, which wait for each answer.
        while .now - start < .seconds(8) {
            for _ in 0..<max(0, 40 - (submitted - times.all.count)) {
                let reports = (0..<20).map { Report.sample(submitted * 20 + $0) }
                times.submit(.sample(reports), to: harness.writer)
                submitted += 1
            }
            usleep(50_000)
        }
        let isAnswered = waitUntil(within: .seconds(20)) { times.all.count == submitted }
        #expect(isAnswered)
        harness.stop()
        let all = times.all
        #expect(all.allSatisfy { $0.seconds < 3.5 })
        #expect(all.contains { $0.isSuccess })
        #expect(all.count { !$0.isSuccess && $0.seconds < 0.2 } > all.count / 2)
        let stored = try #require(Int(try database.run("select count(*) from report")))
        #expect(stored >= 20 * all.count { $0.isSuccess })
    }

    @Test("a commit that takes too long is refused at the deadline, not when it ends")
    func isPunctual() throws {
        let harness = WriterHarness(try database.responder) { $0.commitDeadline = .seconds(1) }
        harness.connect()
        try slowDown(to: 6)
        let times = Times()
        times.submit(.sample([.sample(1)]), to: harness.writer)
        let isAnswered = waitUntil(within: .seconds(20)) { times.all.count == 1 }
        #expect(isAnswered)
        #expect(times.all.allSatisfy { !$0.isSuccess && $0.seconds > 0.99 && $0.seconds < 4 })
        // Its late write does no harm: the repetition is merged with it.
        try database.run("drop trigger delay on callback")
        let later = Answers()
        let isStored = waitUntil(within: .seconds(20)) {
            later.submit(.sample([.sample(1)]), to: harness.writer)
            return later.all().contains { $0.isSuccess }
        }
        #expect(isStored)
        harness.stop()
        #expect(try database.run("select count(*) from report") == "1")
    }

    @Test("a server that hangs costs the deadline and no more")
    func countsEverything() throws {
        let harness = WriterHarness(try database.responder) { $0.commitDeadline = .seconds(4) }
        harness.connect()
        let session = try database.run(
            "select pid from pg_stat_activity where datname = current_database() and usename = 'waybill'"
        )
        let process = try #require(pid_t(session))
        kill(process, SIGSTOP)
        defer { kill(process, SIGCONT) }
        let times = Times()
        times.submit(.sample([.sample(1)]), to: harness.writer)
        let isAnswered = waitUntil(within: .seconds(20)) { times.all.count == 1 }
        #expect(isAnswered)
        // Before, a cancel that the server ignored added a second.
        #expect(times.all.allSatisfy { !$0.isSuccess && $0.seconds > 3.99 && $0.seconds < 4.9 })
        kill(process, SIGCONT)
        harness.stop()
    }
}
