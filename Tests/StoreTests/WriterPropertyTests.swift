import Domain
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("The order of reports does not matter", .blocking)
struct WriterPropertyTests {
    /// One way in which the same reports may come.
    struct Way: CustomTestStringConvertible {
        let writers: Int
        let connections: Int
        let batchReports: Int
        let mostPerCallback: Int

        var testDescription: String {
            "\(writers) writer(s) of \(connections) connection(s), batches of \(batchReports)"
        }

        static let all = [
            Way(writers: 1, connections: 1, batchReports: 500, mostPerCallback: 40),
            Way(writers: 1, connections: 1, batchReports: 1, mostPerCallback: 3),
            Way(writers: 1, connections: 2, batchReports: 20, mostPerCallback: 7),
            Way(writers: 2, connections: 1, batchReports: 7, mostPerCallback: 5),
            Way(writers: 2, connections: 2, batchReports: 500, mostPerCallback: 2),
        ]
    }

    private static func reports(seed: UInt64) -> [Report] {
        var generator = SeededGenerator(seed: seed)
        return (0..<400).map { _ in Report.random(messages: 30, using: &generator) }
    }

    @Test(
        "any order, batching, number of writers and replays end in the same rows",
        arguments: Way.all, [1, 2] as [UInt64])
    func isTheSame(way: Way, seed: UInt64) throws {
        let reports = Self.reports(seed: seed)
        let plain = try TestDatabase()
        let harness = WriterHarness(try plain.responder)
        #expect(harness.write([.sample(reports)]).isEmpty)
        let expected = try Ledger(plain)
        try expectModel(plain, reports)

        var generator = SystemRandomNumberGenerator()
        let database = try TestDatabase()
        let replays = reports.filter { _ in Bool.random() }
        let submissions = (reports + replays).shuffled()
            .chunked(upTo: way.mostPerCallback, using: &generator)
            .map { Submission.sample($0, receivedAt: .noon(plus: .random(in: 0..<60))) }
        let harnesses = try (0..<way.writers).map { _ in
            WriterHarness(try database.responder) {
                $0.connections = way.connections
                $0.batchReports = way.batchReports
            }
        }
        let answers = Answers()
        let workers = (0..<3).map { number in
            Worker {
                for index in stride(from: number, to: submissions.count, by: 3) {
                    let writer = harnesses[index % harnesses.count].writer
                    answers.submit(submissions[index], to: writer)
                    // Some come twice to another writer, as after an unsure commit.
                    if index % 5 == 0 {
                        answers.submit(submissions[index], to: harnesses[0].writer)
                    }
                }
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(answers.failures().isEmpty)
        for harness in harnesses { harness.stop() }
        let ledger = try Ledger(database)
        #expect(ledger.messages == expected.messages)
        #expect(ledger.reports == expected.reports)
        #expect(ledger.tally == expected.tally)
        #expect(try database.run("select count(*) from callback") == "\(answers.count)")
    }

    /// Compares the rows with what the reports say, computed without SQL.
    private func expectModel(_ database: TestDatabase, _ reports: [Report]) throws {
        let distinct = Dictionary(
            grouping: reports, by: \.message
        ).mapValues { Dictionary($0.map { ($0.fingerprint, $0) }) { first, _ in first } }
        let count = distinct.values.reduce(0) { $0 + $1.count }
        #expect(try database.run("select count(*) from report") == "\(count)")
        #expect(try database.run("select sum(reports) from tally") == "\(count)")
        let winners = distinct.map { message, reports in
            let winner = reports.values.max {
                ($0.precedence, $0.fingerprint) < ($1.precedence, $1.fingerprint)
            }
            return "\(message)|\(winner?.status.code ?? 0)|\(winner?.fingerprint ?? 0)"
        }
        #expect(
            try database.run("select id, status, fingerprint from message order by id")
                == winners.sorted().joined(separator: "\n"))
    }

    @Test("two writers that hammer the same messages never lock each other out")
    func isFreeOfDeadlocks() throws {
        let database = try TestDatabase()
        let harnesses = try (0..<2).map { _ in
            WriterHarness(try database.responder) { $0.connections = 2 }
        }
        let end = ContinuousClock.now + .seconds(1)
        let answers = Answers()
        let workers = (0..<4).map { number in
            Worker {
                var generator = SeededGenerator(seed: UInt64(number))
                var second: Int64 = 0
                while ContinuousClock.now < end {
                    second += 1
                    let reports = (0..<50).shuffled(using: &generator).map {
                        Report.sample($0, .sent, at: second)
                    }
                    answers.submit(.sample(reports), to: harnesses[number % 2].writer)
                    // Not more at once than are worth a look.
                    _ = waitUntil(within: .seconds(20)) {
                        harnesses[number % 2].writer.queue.count < 500
                    }
                }
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(answers.failures().isEmpty)
        for harness in harnesses {
            harness.stop()
            #expect(harness.metric("waybill_writer_failures_total") == 0)
        }
        #expect(try database.run("select count(*) from message") == "50")
        let counts = try database.run(
            "select (select count(*) from report) = (select sum(reports) from tally)")
        #expect(counts == "t")
    }
}
