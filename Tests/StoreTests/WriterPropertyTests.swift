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
        "any order, batching, number of writers and replays end in the same rows and times",
        arguments: Way.all, [1, 2] as [UInt64])
    func isTheSame(way: Way, seed: UInt64) throws {
        var generator = SystemRandomNumberGenerator()
        let reports = Self.reports(seed: seed)
        // Each callback has its own time, and some reports come again by a later one.
        let replays = reports.filter { _ in Bool.random() }
        let submissions = (reports + replays).shuffled()
            .chunked(upTo: way.mostPerCallback, using: &generator)
            .map { Submission.sample($0, receivedAt: .noon(plus: .random(in: 0..<60))) }
        let plain = try TestDatabase()
        let harness = WriterHarness(try plain.responder)
        #expect(harness.write(submissions).isEmpty)
        let expected = try Ledger(plain)
        try expectModel(plain, reports)
        try expectTimes(plain, submissions)

        let database = try TestDatabase()
        let harnesses = try (0..<way.writers).map { _ in
            WriterHarness(try database.responder) {
                $0.connections = way.connections
                $0.batchReports = way.batchReports
            }
        }
        let answers = Answers()
        let shuffled = submissions.shuffled()
        let workers = (0..<3).map { number in
            Worker {
                for index in stride(from: number, to: shuffled.count, by: 3) {
                    let writer = harnesses[index % harnesses.count].writer
                    answers.submit(shuffled[index], to: writer)
                    // Some come twice to another writer, as after an unknown commit.
                    if index % 5 == 0 {
                        answers.submit(shuffled[index], to: harnesses[0].writer)
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

    /// A message is known since its first report arrived, and last changed when the last did.
    private func expectTimes(_ database: TestDatabase, _ submissions: [Submission]) throws {
        var arrivals: [MessageID: [Timestamp]] = [:]
        for submission in submissions {
            for report in submission.reports {
                arrivals[report.message, default: []].append(submission.callback.receivedAt)
            }
        }
        let expected = arrivals.map { message, times in
            "\(message)|\(times.min()?.microseconds ?? 0)|\(times.max()?.microseconds ?? 0)"
        }
        #expect(
            try database.run(
                """
                select id, (extract(epoch from created_at) * 1000000)::bigint,
                    (extract(epoch from updated_at) * 1000000)::bigint
                from message order by id
                """) == expected.sorted().joined(separator: "\n"))
    }

    @Test("the time of the last change never falls, whatever comes next")
    func timesNeverFall() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder)
        var seconds = (0..<40).map { _ in Int64.random(in: 0..<100) }
        seconds.insert(50, at: 0)
        var (first, last) = (Int64.max, Int64.min)
        for (index, second) in seconds.enumerated() {
            let answers = Answers()
            let status: Status = [.sent, .delivered, .failed].randomElement() ?? .sent
            answers.submit(
                .sample(
                    [.sample(1, status, at: .random(in: 0..<5))],
                    receivedAt: .noon(plus: second)), to: harness.writer)
            #expect(answers.failures().isEmpty)
            (first, last) = (min(first, second), max(last, second))
            let times = try database.run(
                """
                select (extract(epoch from created_at) * 1000000)::bigint,
                    (extract(epoch from updated_at) * 1000000)::bigint
                from message
                """)
            #expect(
                times
                    == "\(Timestamp.noon(plus: first).microseconds)|"
                    + "\(Timestamp.noon(plus: last).microseconds)", "after \(index)")
        }
        harness.stop()
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

    @Test("two writers with the same messages never block each other for ever")
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
                    // Not more at once than are needed.
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
