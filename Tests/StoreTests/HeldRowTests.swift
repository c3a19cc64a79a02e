import Domain
import Glibc
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Rows that another transaction holds", .blocking)
struct HeldRowTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func harness(
        connections: Int = 2, deadline: Duration = .seconds(3)
    ) throws -> WriterHarness {
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = deadline
            $0.connections = connections
            $0.crowdReports = 200
            $0.lockWait = .milliseconds(200)
        }
        harness.connect()
        return harness
    }

    /// Holds a message as an administrator's forgotten session would.
    private func hold(_ message: Int) throws -> Connection {
        let holder = try Connection(try database.admin)
        try holder.execute(
            script: """
                begin;
                select from message where id = '\(MessageID.test(message))' for update;
                """)
        return holder
    }

    @Test(
        "other reports are stored, the held one alone is refused, repeatedly",
        arguments: [1, 2])
    func harmsNobody(connections: Int) throws {
        let harness = try harness(connections: connections)
        let before = Answers()
        before.submit(.sample([.sample(0, .sent)]), to: harness.writer)
        #expect(before.failures().isEmpty)
        let holder = try hold(0)
        let (held, others) = (Answers(), Answers())
        let start = ContinuousClock.now
        var number = 1
        // A report of the held message at times, forty others in between.
        for round in 0..<12 {
            held.submit(.sample([.sample(0, .sent, at: Int64(round))]), to: harness.writer)
            for _ in 0..<40 {
                others.submit(.sample([.sample(number)]), to: harness.writer)
                number += 1
            }
            usleep(250_000)
        }
        #expect(others.failures().count == 0)
        #expect(held.failures() == Array(repeating: .unavailable, count: 12))
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(harness.writer.writeProblem == nil)
        #expect(!harness.writer.isAway)
        #expect((harness.metric("waybill_writer_lock_waits_total") ?? 0) > 0)
        try holder.execute(script: "rollback")
        let after = Answers()
        after.submit(.sample([.sample(0)]), to: harness.writer)
        #expect(after.failures().isEmpty)
        harness.stop()
        #expect(try database.run("select count(*) from quarantine") == "0")
        #expect(try database.run("select count(*) from message") == "\(number)")
    }

    @Test("a report of a row that is held only briefly is stored in the end")
    func waits() throws {
        let harness = try harness(deadline: .seconds(20))
        let before = Answers()
        before.submit(.sample([.sample(0, .sent)]), to: harness.writer)
        #expect(before.failures().isEmpty)
        let holder = try hold(0)
        let answers = Answers()
        answers.submit(.sample([.sample(0)]), to: harness.writer)
        let hasWaited = waitUntil(within: .seconds(20)) {
            (harness.metric("waybill_writer_lock_waits_total") ?? 0) > 3
        }
        #expect(hasWaited)
        #expect(answers.count == 0)
        try holder.execute(script: "rollback")
        #expect(answers.failures().isEmpty)
        harness.stop()
    }

    @Test("a table that is locked makes the writer unable to write, until it is free")
    func tellsOfTables() throws {
        let harness = try harness(deadline: .seconds(1))
        let blockade = try Blockade(database, table: "message")
        let answers = Answers()
        for number in 0..<100 { answers.submit(.sample([.sample(number)]), to: harness.writer) }
        #expect(answers.failures() == Array(repeating: .unavailable, count: 100))
        let isTold = waitUntil(within: .seconds(20)) { harness.writer.writeProblem != nil }
        #expect(isTold)
        try blockade.lift()
        let isBack = waitUntil(within: .seconds(20)) { harness.writer.writeProblem == nil }
        #expect(isBack)
        harness.stop()
    }

    @Test("a stop does not wait for a row that is held for ever")
    func stops() throws {
        let harness = try harness(deadline: .seconds(2))
        let before = Answers()
        before.submit(.sample([.sample(0, .sent)]), to: harness.writer)
        #expect(before.failures().isEmpty)
        let holder = try hold(0)
        let answers = Answers()
        answers.submit(.sample([.sample(0)]), to: harness.writer)
        answers.submit(.sample([.sample(1)]), to: harness.writer)
        harness.stop(within: .seconds(15))
        #expect(answers.failures() == [.unavailable])
        try holder.execute(script: "rollback")
    }
}
