import Domain
import TestSupport
import Testing

@testable import Store

@Suite("Rows that PostgreSQL refuses", .blocking)
struct PoisonTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// Submits all of them into one batch.
    private func writeAtOnce(_ submissions: [Submission]) throws -> WriterHarness {
        let harness = WriterHarness(try database.responder) { $0.batchReports = 10_000 }
        let answers = Answers()
        harness.connect()
        let blockade = try Blockade(database)
        answers.submit(.sample([]), to: harness.writer)
        let isTaken = waitUntil(within: .seconds(20)) { harness.writer.queue.count == 0 }
        #expect(isTaken)
        for submission in submissions { answers.submit(submission, to: harness.writer) }
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        harness.stop()
        return harness
    }

    private func quarantine() throws -> [String] {
        try database.run("select reason, place, callback_id from quarantine order by place")
            .split(separator: "\n").map(String.init)
    }

    /// A report that PostgreSQL refuses.
    private static func poison(_ message: Int, _ index: Int = 0) -> Report {
        let texts = ["{", "[1", "\"\\ud800\"", #"{"a": "\u0000"}"#, "", "{'a': 1}"]
        return .sample(message, attributes: texts[index % texts.count])
    }

    @Test(
        "a report that cannot be stored is quarantined, hundreds of others are committed",
        arguments: [
            Report.sample(1000, attributes: "{"), .sample(1000, attributes: #"{"a": "\u0000"}"#),
            .sample(1000, attributes: #""\ud800""#),
            .sample(1000, price: Report.Price(amount: "4,20", currency: "EUR")),
            .sample(1000, price: Report.Price(amount: "", currency: "EUR")),
            .sample(1000, price: Report.Price(amount: "1e999999", currency: "EUR")),
            .sample(1000, statusName: "DELI\0VERED"), .sample(1000, callbackData: "\0"),
            .sample(1000, at: .min / 2_000_000),
        ])
    func bisectsOne(poison: Report) throws {
        let bad = Submission.sample([.sample(1), poison, .sample(2)])
        let good = (0..<300).map { Submission.sample([.sample($0)]) }
        let harness = try writeAtOnce(good[..<150] + [bad] + good[150...])
        #expect(harness.metric("waybill_writer_poison_total") == 1)
        #expect(
            try quarantine() == ["database_refused|message \(poison.message)|\(bad.callback.id)"])
        #expect(try database.run("select count(*) from report") == "300")
        #expect(try database.run("select sum(reports) from tally") == "300")
        #expect(try database.run("select count(*) from message") == "300")
        // 300 good ones, the bad one, and two empty ones before them.
        #expect(try database.run("select count(*) from callback") == "303")
    }

    @Test("several are found, wherever they are", arguments: [2, 7, 40])
    func bisectsSeveral(count: Int) throws {
        let positions = Set((0..<200).shuffled().prefix(count))
        let submissions = (0..<200).map { number in
            Submission.sample([
                positions.contains(number) ? Self.poison(number, number) : .sample(number)
            ])
        }
        let harness = try writeAtOnce(submissions)
        #expect(harness.metric("waybill_writer_poison_total") == Double(count))
        #expect(try quarantine().count == count)
        #expect(try database.run("select count(*) from report") == "\(200 - count)")
        let lost = try database.run(
            "select count(*) from quarantine where callback_id not in (select id from callback)")
        #expect(lost == "0")
    }

    @Test("a report alone, and a batch of nothing else", arguments: [1, 30])
    func bisectsAll(count: Int) throws {
        _ = try writeAtOnce((0..<count).map { .sample([Self.poison($0, $0)]) })
        #expect(try quarantine().count == count)
        #expect(try database.run("select count(*) from report") == "0")
        #expect(try database.run("select count(*) from message") == "0")
        #expect(try database.run("select count(*) from callback") == "\(count + 2)")
    }

    @Test("the good report of a message stays although a better one cannot be stored")
    func keepsTheGood() throws {
        let better = Report.sample(1, .delivered, attributes: "{")
        _ = try writeAtOnce([.sample([.sample(1, .sent), better])])
        #expect(try database.run("select status from message") == "\(Status.sent.code)")
    }

    @Test("a reject with a NUL in its texts is quarantined without it")
    func cleansRejects() throws {
        let submission = Submission.sample(
            [.sample(1)],
            rejects: [.sample(place: "results[0].\0x", detail: "a\0b"), .sample(place: "z")])
        _ = try writeAtOnce([submission])
        #expect(
            try quarantine() == [
                "database_refused|results[0].\u{FFFD}x|\(submission.callback.id)",
                "bad_time|z|\(submission.callback.id)",
            ])
        #expect(
            try database.run("select distinct convert_from(excerpt, 'UTF8') from quarantine")
                == "{}")
        #expect(try database.run("select count(*) from report") == "1")
    }

    @Test("a callback whose own row is refused leaves its body in quarantine and its reports")
    func keepsBodies() throws {
        let submission = Submission.sample([.sample(1)], body: "the body", uri: "/callbacks\0")
        _ = try writeAtOnce([submission])
        #expect(try quarantine() == ["database_refused|callback|\(submission.callback.id)"])
        #expect(
            try database.run("select convert_from(excerpt, 'UTF8') from quarantine") == "the body")
        #expect(try database.run("select count(*) from report") == "1")
    }

    @Test("when quarantine cannot be written, the answer is a refusal in time, not an endless try")
    func givesUp() throws {
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(500)
        }
        let answers = Answers()
        let blockade = try Blockade(database, table: "quarantine")
        answers.submit(.sample([Self.poison(1)]), to: harness.writer)
        #expect(answers.failures(within: .seconds(20)) == [.unavailable])
        try blockade.lift()

        let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isBack)
        try database.run("revoke insert on quarantine from waybill")
        let refused = Answers()
        refused.submit(.sample([Self.poison(1)]), to: harness.writer)
        #expect(refused.failures() == [.unavailable])
        // A missing right is an outage as long as it is missing, though the server works.
        let looksHealthy = waitUntil(within: .milliseconds(1500)) { !harness.writer.isAway }
        #expect(!looksHealthy)
        try database.run("grant insert on quarantine to waybill")
        let isHealthy = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isHealthy)
        let later = Answers()
        later.submit(.sample([Self.poison(1)]), to: harness.writer)
        #expect(later.failures().isEmpty)
        harness.stop()
        #expect(try quarantine().count == 1)
    }
}
