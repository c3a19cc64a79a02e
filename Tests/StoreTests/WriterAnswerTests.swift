import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("What the writer answers, and when", .blocking)
struct WriterAnswerTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// Submits an empty callback and waits until it is in flight, behind a blockade.
    private func occupy(_ writer: ReportWriter, _ answers: Answers) {
        answers.submit(.sample([]), to: writer)
        let isTaken = waitUntil(within: .seconds(20)) { writer.queue.count == 0 }
        #expect(isTaken)
    }

    @Test("success is answered only when another session sees the rows", arguments: [1, 2])
    func answersAfterCommit(connections: Int) throws {
        let pool = ConnectionPool(try database.admin, maximumCount: 2)
        let harness = WriterHarness(try database.responder) { $0.connections = connections }
        let answers = Answers()
        let visible = Atomic<Int>(0)
        for number in 0..<200 {
            answers.submit(.sample([.sample(number), .sample(number, .sent)]), to: harness.writer) {
                answer in
                let count = try? pool.withConnection { connection throws(PostgresError) in
                    try connection.execute(CountReports(message: .test(number))).first
                }
                if answer.isSuccess, count == 2 { visible.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(visible.load(ordering: .relaxed) == 200)
    }

    @Test("all are answered exactly once, under load with poison, a full queue and a stop")
    func answersOnce() throws {
        let harness = WriterHarness(try database.responder) {
            $0.queueReports = 100
            $0.connections = 2
        }
        let answers = Answers()
        let succeeded = Mutex<[Int]>([])
        let workers = (0..<4).map { worker in
            Worker {
                for index in 0..<800 {
                    let number = worker * 1000 + index
                    let isPoison = number % 97 == 0
                    answers.submit(
                        .sample([.sample(number, attributes: isPoison ? "{" : nil)]),
                        to: harness.writer
                    ) { answer in
                        if answer.isSuccess, !isPoison { succeeded.withLock { $0.append(number) } }
                    }
                }
            }
        }
        let isUnderWay = waitUntil(within: .seconds(20)) { answers.count > 1000 }
        #expect(isUnderWay)
        harness.stop()
        for worker in workers { #expect(worker.join()) }
        let failures = Set(answers.failures())
        #expect(failures.isSubset(of: [.full, .stopping]))
        let stored = try database.run("select count(*) from report")
        #expect(stored == "\(succeeded.withLock { $0.count })")
    }

    @Test("a full queue refuses at once, and accepts again when there is room")
    func isBounded() throws {
        let harness = WriterHarness(try database.responder) { $0.queueReports = 10 }
        let answers = Answers()
        harness.connect()
        let blockade = try Blockade(database)
        occupy(harness.writer, answers)
        for number in 0..<5 {
            answers.submit(.sample([.sample(number), .sample(number, .sent)]), to: harness.writer)
        }
        #expect(harness.writer.writerState().queuedReports == 10)
        let refused = Answers()
        refused.submit(.sample([.sample(99)]), to: harness.writer)
        // At once: nothing can have been committed in between.
        #expect(refused.count == 1)
        #expect(refused.failures() == [.full])
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        let later = Answers()
        later.submit(.sample([.sample(99)]), to: harness.writer)
        #expect(later.failures().isEmpty)
        harness.stop()
    }

    @Test("a submission larger than the queue is accepted when the queue is empty")
    func takesHuge() throws {
        let harness = WriterHarness(try database.responder) {
            $0.queueReports = 10
            $0.queueBytes = 10
        }
        let huge = Submission.sample((0..<10_000).map { .sample($0) }, body: "more than ten bytes")
        #expect(harness.write([huge]).isEmpty)
        #expect(try database.run("select count(*) from report") == "10000")
    }

    @Test("what waits longer than its deadline is refused, though the server never answers")
    func expires() throws {
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(300)
        }
        let answers = Answers()
        harness.connect()
        let blockade = try Blockade(database)
        let started = ContinuousClock.now
        occupy(harness.writer, answers)
        for number in 0..<20 { answers.submit(.sample([.sample(number)]), to: harness.writer) }
        #expect(answers.failures().allSatisfy { $0 == .unavailable })
        #expect(answers.failures().count == 21)
        #expect(ContinuousClock.now - started < .seconds(10))
        try blockade.lift()
        let isBack = waitUntil(within: .seconds(20)) { !harness.writer.isAway }
        #expect(isBack)
        harness.stop()
    }

    @Test("a batch that loses every race is refused at its deadline, and the database is not away")
    func losesRaces() throws {
        try database.run(
            """
            create function lose() returns trigger language plpgsql as
                $$ begin raise exception 'lost' using errcode = '40001'; end $$;
            create trigger lose before insert on message for each row execute function lose()
            """)
        let harness = WriterHarness(try database.responder) {
            $0.commitDeadline = .milliseconds(300)
        }
        let answers = Answers()
        answers.submit(.sample([.sample(1)]), to: harness.writer)
        #expect(answers.failures() == [.unavailable])
        #expect(!harness.writer.isAway)
        try database.run("drop trigger lose on message")
        // On a busy machine 300 ms may pass before a commit does.
        let isTaken = waitUntil(within: .seconds(20)) {
            let later = Answers()
            later.submit(.sample([.sample(1)]), to: harness.writer)
            return later.failures().isEmpty
        }
        #expect(isTaken)
        harness.stop()
    }

    @Test("a stop commits what waits and then accepts nothing more")
    func flushes() throws {
        let harness = WriterHarness(try database.responder) { $0.batchReports = 10 }
        let answers = Answers()
        harness.connect()
        let blockade = try Blockade(database)
        occupy(harness.writer, answers)
        for number in 0..<100 { answers.submit(.sample([.sample(number)]), to: harness.writer) }
        let stopping = Worker { harness.stop() }
        let isStopping = waitUntil(within: .seconds(20)) { harness.writer.isEnding }
        #expect(isStopping)
        try blockade.lift()
        #expect(stopping.join())
        #expect(answers.failures().isEmpty)
        #expect(try database.run("select count(*) from report") == "100")

        let late = Answers()
        late.submit(.sample([.sample(999)]), to: harness.writer)
        #expect(late.count == 1)
        #expect(late.failures() == [.stopping])
    }

    @Test("a stop that comes too late returns false, and nothing is answered with success")
    func stopIsBounded() throws {
        let harness = WriterHarness(try database.responder)
        let answers = Answers()
        harness.connect()
        let blockade = try Blockade(database)
        occupy(harness.writer, answers)
        #expect(!harness.writer.stop(within: .milliseconds(100)))
        #expect(answers.count == 0)
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        harness.stop()
    }
}
