import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The ledger, folded again", .blocking)
struct LedgerFoldTests {
    private let sending: SendingHarness
    private var database: TestDatabase { sending.database }

    init() throws {
        sending = try SendingHarness()
    }

    private func fold(repairs: Bool = false) throws -> LedgerFold {
        LedgerFold(
            ConnectionPool(
                repairs ? try database.owner : try database.responder, maximumCount: 1),
            repairs: repairs, logger: .silent)
    }

    /// All portions, each of a few messages.
    private func walk(
        repairs: Bool = false
    ) throws -> (differences: [LedgerFold.Difference], reports: Int, unjudged: Int, messages: Int) {
        let fold = try fold(repairs: repairs)
        var all: (differences: [LedgerFold.Difference], reports: Int, unjudged: Int, messages: Int)
        all = ([], 0, 0, 0)
        var place: MessageID?
        repeat {
            let portion = try fold.portion(after: place, limit: 7)
            all.differences += portion.differences
            all.reports += portion.reports
            all.unjudged += portion.unjudged
            all.messages += portion.messages
            place = portion.next
        } while place != nil
        return all
    }

    /// Reports about a few messages, of all kinds; and our own messages at all stages.
    private func fill() throws {
        var generator = SeededGenerator(seed: 11)
        let reports = (0..<400).map { _ in Report.random(messages: 40, using: &generator) }
        let submissions = reports.chunked(upTo: 9, using: &generator).map { Submission.sample($0) }
        #expect(WriterHarness(try database.responder).write(submissions).isEmpty)
        let messages = try sending.accept(.sample(recipients: 6))
        let lease = try #require(try sending.lease().leases.first)
        try sending.outbox.record(
            [
                .accepted(messages[0], lease.id), .refused(messages[1], lease.id),
                .unanswered(messages[2], lease.id), .deferred(messages[3], lease.id),
                .refused(messages[4], lease.id),
            ], counts: [:])
        let letters = DeadLetterStore(try database.pool(), feed: ChangeFeed(), logger: .silent)
        #expect(try letters.retry(messages[4], by: .sample) == .queued)
        try sending.accept(.sample(recipients: 2))
    }

    @Test("says nothing of what writers, dispatchers and retries have written")
    func agrees() throws {
        try fill()
        let result = try walk()
        #expect(result.differences == [])
        #expect(result.reports == 0 && result.unjudged == 0 && result.messages > 40)
        #expect(try fold().tally().rows == 0)
        let hour = try #require(try fold().hour(before: .now.advanced(by: .seconds(3600))))
        #expect(try fold().statistics(of: hour) == 0)
    }

    @Test("finds what was changed by hand, and corrects it to the last column")
    func repairs() throws {
        try fill()
        let before = try Ledger(database)
        try database.run(
            """
            update message set status = 5, precedence = 1, fingerprint = 7, outcome_id = null,
                segments = null, price = null, currency = null, delay = null
            where id in (select id from message where not is_ours order by id limit 9);
            update message set status = 8 where id in (
                select message_id from event where kind = 13);
            update report set precedence = precedence / 2 where message_id in (
                select id from message where not is_ours order by id desc limit 3);
            update tally set reports = reports + 3 where ctid in (select ctid from tally limit 2);
            delete from tally where ctid in (
                select ctid from tally order by reports, ctid limit 1);
            """)
        let found = try walk()
        #expect(found.differences.count == 10)
        #expect(found.differences.allSatisfy { $0.kept != nil })
        #expect(found.reports > 3)
        let wrong = try fold().tally()
        #expect(wrong.rows >= 2 && wrong.reports > 3)
        // A look changes nothing.
        #expect(try walk().differences == found.differences)

        let corrected = try walk(repairs: true)
        #expect(corrected.differences == found.differences)
        #expect(try fold(repairs: true).tally() == wrong)
        #expect(try walk().differences == [])
        #expect(try walk().reports == 0)
        #expect(try fold().tally().rows == 0)
        let after = try Ledger(database)
        #expect(after.reports == before.reports)
        #expect(after.tally == before.tally)
        #expect(after.messages == before.messages)
        try database.expectExactCounts()
    }

    @Test("tells of reports whose message has no row, and judges no message without its events")
    func limits() throws {
        try fill()
        try database.run(
            """
            delete from message where id in (
                select id from message where not is_ours order by id limit 2);
            delete from event where message_id in (select id from message where status = 7 and is_ours);
            """)
        let found = try walk()
        #expect(found.differences.count == 2)
        #expect(found.differences.allSatisfy { $0.kept == nil })
        #expect(found.unjudged == 1)
    }

    @Test("Writers who work meanwhile cause no difference")
    func beside() throws {
        let harness = WriterHarness(try database.responder)
        let load = Load(harness.writer, threads: 2)
        var rounds = 0
        let isOver = try waitUntil(within: .seconds(20)) {
            let differences = try walk().differences
            #expect(differences == [])
            rounds += 1
            return rounds == 10
        }
        #expect(isOver)
        _ = load.stop()
        harness.stop()
        #expect(try walk().differences == [])
    }
}
