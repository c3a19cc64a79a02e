import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("How far a refused batch is taken apart", .blocking)
struct BisectionTests {
    @Test("after fifty refused rows the search for others ends")
    func isBounded() {
        var bisection = Bisection(refused: .undecodable(""))
        for _ in 0..<Bisection.mostRefusedRows {
            #expect(bisection.mayGoOn)
            bisection.foundRow()
        }
        #expect(!bisection.mayGoOn)
    }

    /// Blocks a batch of nothing, so that all that is submitted meanwhile is the next one.
    private func gather(
        _ database: TestDatabase, _ harness: WriterHarness, _ submit: () -> Void
    ) throws {
        harness.connect()
        let blockade = try Blockade(database)
        let first = Answers()
        first.submit(.sample([]), to: harness.writer)
        let isTaken = waitUntil(within: .seconds(20)) { harness.writer.queue.count == 0 }
        #expect(isTaken)
        submit()
        try blockade.lift()
        #expect(first.failures().isEmpty)
    }

    @Test("of a callback with ten thousand refused rows some are in quarantine, the others counted")
    func givesUp() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder) { $0.batchReports = 20_000 }
        let answers = Answers()
        try gather(database, harness) {
            answers.submit(
                .sample((0..<10_000).map { .sample($0, attributes: "{") }), to: harness.writer)
            answers.submit(.sample([.sample(1_000_001, attributes: "{")]), to: harness.writer)
        }
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(harness.metric("waybill_writer_poison_total") == 50)
        let places = try database.run(
            """
            select count(*), count(distinct place), count(*) filter (where detail like '%SQLSTATE%')
            from quarantine where reason = 'database_refused' and place like 'message %'
            """)
        #expect(places == "150|150|50")
        #expect(
            try database.run("select detail from quarantine where place = 'callback'").hasPrefix(
                "9851 more of this reason in this callback were left out"))
        #expect(harness.metric("waybill_quarantine_left_out_total") == 9851)
        #expect(try database.run("select count(*) from report") == "0")
        #expect(
            try database.run(
                "select count(*) from quarantine where callback_id not in (select id from callback)"
            )
                == "0")
    }

    @Test("good rows after the last refused one that was searched for are committed")
    func keepsGoodRows() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder)
        let reports = (0..<1000).map { Report.sample($0, attributes: $0 < 60 ? "{" : nil) }
        #expect(harness.write([.sample(reports)]).isEmpty)
        let stored = try #require(Int(try database.run("select count(*) from report")))
        let kept = try #require(Int(try database.run("select count(*) from quarantine")))
        #expect(stored + kept == 1000)
        // Only rows that share a part with the last ten.
        #expect(stored >= 900)
    }

    @Test("good callbacks are answered while a bad one is being divided")
    func answersInnocents() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder) {
            $0.connections = 2
            $0.crowdReports = 1000
        }
        let (bad, together, later) = (Answers(), Answers(), Answers())
        try Self.onQuarantine("perform pg_advisory_xact_lock(7)", database)
        let holder = try Connection(database.admin)
        try holder.execute(script: "begin; select pg_advisory_xact_lock(7)")
        // Waits for the quarantine; good callbacks of its batch and later ones do not.
        try gather(database, harness) {
            bad.submit(.sample([.sample(1, attributes: "{")]), to: harness.writer)
            for number in 2..<40 {
                together.submit(.sample([.sample(number)]), to: harness.writer)
            }
        }
        #expect(together.failures().isEmpty)
        for number in 40..<50 { later.submit(.sample([.sample(number)]), to: harness.writer) }
        #expect(later.failures().isEmpty)
        #expect(bad.count == 0)
        try holder.execute(script: "rollback")
        #expect(bad.failures().isEmpty)
        harness.stop()
        #expect(try database.run("select count(*) from report") == "48")
    }

    @Test("bisection ends at the deadline, with a refusal")
    func expires() throws {
        let database = try TestDatabase()
        try Self.onQuarantine("perform pg_sleep(0.05)", database)
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(500)
        }
        let answers = Answers()
        let poison = (0..<45).map { Report.sample($0, attributes: "{") }
        answers.submit(.sample(poison), to: harness.writer)
        #expect(answers.failures() == [.unavailable])
        harness.stop()
        let kept = try #require(Int(try database.run("select count(*) from quarantine")))
        #expect(kept < 45)
    }

    /// Runs a statement before each row that quarantine takes.
    private static func onQuarantine(_ statement: String, _ database: TestDatabase) throws {
        try database.run(
            """
            create function delay() returns trigger language plpgsql
                as $$ begin \(statement); return new; end $$;
            create trigger delay before insert on quarantine
                for each row execute function delay()
            """)
    }
}
