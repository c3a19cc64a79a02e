import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Submissions that may have been stored already", .blocking)
struct ReplayTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// Writes one after the other, each in a batch of its own.
    private func write(_ submissions: Submission...) throws {
        let harness = WriterHarness(try database.responder) { $0.mayReadArchive = true }
        for submission in submissions {
            let answers = Answers()
            answers.submit(submission, to: harness.writer)
            #expect(answers.failures().isEmpty)
        }
        harness.stop()
    }

    private func counts() throws -> String {
        try database.run(
            """
            select (select count(*) from callback), (select count(distinct id) from callback),
                (select count(*) from report), (select count(*) from quarantine)
            """)
    }

    @Test("What is there already is not archived again; what is not there is stored")
    func once() throws {
        let known = Submission.sample([.sample(1), .sample(2)])
        let new = Submission.sample([.sample(3)])
        try write(known, known.asReplay, new.asReplay, new.asReplay)
        #expect(try counts() == "2|2|3|0")
    }

    @Test("Nor a callback without a report, nor its rejects")
    func withoutReports() throws {
        let event = Submission.sample([], rejects: [.sample()])
        try write(event.asReplay, event.asReplay, event.asReplay)
        #expect(try counts() == "1|1|0|1")
    }

    @Test("A callback whose reports another one brought is archived once, too")
    func repetition() throws {
        let first = Submission.sample([.sample(1)])
        let second = Submission.sample([.sample(1)])
        #expect(first.callback.id != second.callback.id)
        try write(first, second.asReplay, second.asReplay)
        #expect(try counts() == "2|2|1|0")
    }

    @Test("The missing reports of an archived callback are added")
    func inPart() throws {
        let whole = Submission.sample([.sample(1), .sample(2), .sample(3)])
        let part = whole.with(reports: [whole.reports[1]], rejects: [])
        try write(part, whole.asReplay)
        #expect(try counts() == "1|1|3|0")
    }

    @Test("Replays and new ones in one queue: all are stored once")
    func mixed() throws {
        let submissions = (0..<200).map { Submission.sample([.sample($0)]) }
        let harness = WriterHarness(try database.responder) {
            $0.mayReadArchive = true
            $0.connections = 2
        }
        let answers = Answers()
        for (index, submission) in submissions.enumerated() {
            answers.submit(index % 3 == 0 ? submission.asReplay : submission, to: harness.writer)
        }
        #expect(answers.failures().isEmpty)
        let again = Answers()
        for submission in submissions { again.submit(submission.asReplay, to: harness.writer) }
        #expect(again.failures().isEmpty)
        harness.stop()
        #expect(try counts() == "200|200|200|0")
    }
}

@Suite("Replays in the queue")
struct ReplayQueueTests {
    private func entry(_ number: Int, _ isReplay: Bool) -> SubmissionQueue.Entry {
        let submission = Submission.sample([.sample(number)])
        return SubmissionQueue.Entry(
            submission: isReplay ? submission.asReplay : submission,
            deadline: .now + .seconds(60), completion: { _ in })
    }

    @Test("New entries come first, and replays when none waits")
    func order() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        #expect(queue.append(entry(1, true)) == nil)
        #expect(queue.append(entry(2, false)) == nil)
        #expect(queue.append(entry(3, true)) == nil)
        #expect(queue.take(upTo: 10).entries.map(\.submission.archiving) == [.add])
        // The first taker is at work on new ones.
        #expect(queue.take(upTo: 10).entries.isEmpty)
        queue.finish()
        #expect(queue.take(upTo: 1).entries.count == 1)
        queue.finish()
        #expect(queue.take(upTo: 1).entries.map(\.submission.archiving) == [.addIfMissing])
        queue.finish()
        #expect(queue.isIdle)
    }

    @Test("They take no room from new ones, and are removed like them")
    func bounds() {
        let queue = SubmissionQueue(capacity: 2, byteCapacity: 1000)
        for number in 0..<10 { #expect(queue.append(entry(number, true)) == nil) }
        #expect(queue.count == 0)
        #expect(queue.append(entry(10, false)) == nil)
        #expect(queue.append(entry(11, false)) == nil)
        #expect(queue.append(entry(12, false)) == .full)
        #expect(queue.removeExpired(at: nil).count == 12)
        #expect(queue.count == 0 && queue.isIdle)
    }

    @Test("Under a steady load they have their turn, too")
    func patience() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        #expect(queue.append(entry(0, true)) == nil)
        let isTaken = waitUntil(within: .seconds(10)) {
            _ = queue.append(entry(1, false))
            let portion = queue.take(upTo: 1)
            if !portion.entries.isEmpty { queue.finish() }
            return portion.entries.contains { $0.submission.archiving == .addIfMissing }
        }
        #expect(isTaken)
    }
}
