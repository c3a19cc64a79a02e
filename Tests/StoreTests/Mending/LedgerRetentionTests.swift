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
            try database.pool(1), keepDays: 30, ledgerDays: 30, floorRest: .zero, logger: .silent,
            isRepeated: false)
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

    @Test("A report about a message that was dropped is archived, and is no second message")
    func lateDuplicates() throws {
        let database = try TestDatabase()
        func write(_ submissions: [Submission]) throws {
            #expect(WriterHarness(try database.responder).write(submissions).isEmpty)
        }
        /// A message of ours, by its id, or of others.
        func report(_ message: MessageID, at time: Timestamp) -> Report {
            Report(
                message: message, isKeyDerived: message.version != 7, provider: .infobip,
                providerMessageID: "\(message)", status: .delivered,
                outcome: Outcome(provider: .infobip), doneAt: time)
        }
        let ours = MessageID.new(at: .noon())
        let old =
            (0..<6).map { Submission.sample([.sample($0)]) }
            // Its id tells how old it is, whatever the provider's time is.
            + [.sample([report(ours, at: .now)])]
        try write(old)
        // One stays, because something happened to it.
        try write([.sample([.sample(5, .sent, at: -9)], receivedAt: .now)])
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 30, ledgerDays: 30, floorRest: .zero, logger: .silent,
            isRepeated: false)
        #expect(maintenance.runOnce())
        #expect(try database.run("select count(*) from message") == "1")

        // All of them once more, each beside a new one, and something new about the one that stayed.
        let again = old.enumerated().map { number, submission in
            Submission.sample(
                submission.reports + [report(.test(7000 + number), at: .now)], receivedAt: .now)
        }
        try write(again + [.sample([.sample(5, .accepted, at: -20)], receivedAt: .now)])
        #expect(try database.run("select count(*) from message") == "8")
        #expect(try database.run("select count(*) from report") == "10")
        #expect(try database.run("select sum(reports) from tally") == "16")
        #expect(
            try database.run(
                "select count(*) from callback where received_at > now() - interval '1 h'")
                == "9")
        // Nothing is held any more: the next run drops what it may. Other tests hold their own.
        #expect(maintenance.runOnce())
        #expect(
            try database.run(
                """
                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and locktype = 'advisory'
                """) == "0")
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
