import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("Retention of the ledger", .blocking)
struct LedgerRetentionTests {
    /// All that is counted by day; hours go by themselves.
    private static let counts = """
        select count(*), md5(string_agg(kept::text, ',' order by kept::text)) from statistic as kept
        where is_day
        """

    @Test("Messages that are over go with their reports; others, and all counts, stay")
    func drops() throws {
        let sending = try SendingHarness()
        let database = sending.database
        let old = (0..<2500).map { Submission.sample([.sample($0)]) }
        #expect(WriterHarness(try database.responder).write(old).isEmpty)
        let kept = try sending.accept(.sample(recipients: 2, at: .noon()))
        let young = (3000..<3010).map {
            Submission.sample([.sample($0)], receivedAt: .now)
        }
        // Old, and reported on just now.
        let revived = Submission.sample([.sample(7, at: 5)], receivedAt: .now)
        #expect(WriterHarness(try database.responder).write(young + [revived]).isEmpty)
        try database.fold()
        let before = try database.run(Self.counts)

        let maintenance = Maintenance(
            try database.pool(1), keepDays: 30, ledgerDays: 30, logger: .silent, isRepeated: false)
        #expect(maintenance.runOnce())
        #expect(maintenance.dropped["messages"] == 2499)
        #expect(
            try database.run(
                "select (select count(*) from message), (select count(*) from report),"
                    + " (select count(*) from report where message_id not in (select id from message))"
            )
                == "13|12|0")
        #expect(
            try database.run(
                "select count(*) from message where id in ('\(kept[0])', '\(kept[1])')")
                == "2")
        #expect(try database.run("select sum(reports) from tally") == "2511")
        #expect(try database.run(Self.counts) == before)
        // A recount knows from when on it can be right.
        let fold = LedgerFold(try database.pool(1), repairs: false, logger: .silent)
        #expect(try fold.tally().rows == 0)
        #expect(try fold.portion(after: nil, limit: 100).differences == [])
        // A second run finds nothing.
        #expect(maintenance.runOnce())
        #expect(maintenance.dropped["messages"] == 2499)
    }

    @Test("Without a time they are kept for good, and two days are too few")
    func bounds() throws {
        let database = try TestDatabase()
        let old = (0..<5).map { Submission.sample([.sample($0)]) }
        #expect(WriterHarness(try database.responder).write(old).isEmpty)
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 30, logger: .silent, isRepeated: false)
        #expect(maintenance.runOnce())
        #expect(try database.run("select count(*) from message") == "5")
        let connection = try Connection(database.responder)
        #expect(throws: PostgresError.self) {
            try connection.execute(DropOldMessages(keepDays: 2, most: 10))
        }
    }
}
