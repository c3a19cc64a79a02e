import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Following the changes", .blocking)
struct ChangeLogTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func log() throws -> ChangeLog { ChangeLog(try database.pool(), logger: .silent) }

    /// Follows from a place on until nothing more comes, a few changes at a time.
    private static func follow(
        _ log: ChangeLog, after start: ChangeSequence = .start, limit: Int = 7
    ) throws -> [StatusChange] {
        var changes: [StatusChange] = []
        while true {
            let page = try log.changes(after: changes.last?.sequence ?? start, limit: limit)
            #expect(page.isComplete)
            #expect(page.changes.count <= limit)
            if page.changes.isEmpty { return changes }
            changes += page.changes
        }
    }

    /// A follower that reads while others write, until it is told that they have ended.
    private final class Follower: Sendable {
        private let changes = Mutex<[StatusChange]>([])
        private let isOver = Atomic<Bool>(false)
        private let worker = Mutex<Worker?>(nil)

        init(_ log: ChangeLog, limits: ClosedRange<Int>) {
            let running = Worker { [self] in
                while true {
                    // Before reading: what is committed by then must come.
                    let isLast = isOver.load(ordering: .acquiring)
                    let last = changes.withLock { $0.last?.sequence } ?? .start
                    guard let page = try? log.changes(after: last, limit: .random(in: limits))
                    else { return }
                    if page.changes.isEmpty, isLast { return }
                    changes.withLock { $0 += page.changes }
                }
            }
            worker.withLock { $0 = running }
        }

        /// All that it has read.
        func end() -> [StatusChange] {
            isOver.store(true, ordering: .releasing)
            let hasEnded = worker.withLock { $0 }?.join() ?? false
            #expect(hasEnded)
            return changes.withLock { $0 }
        }
    }

    /// What must hold for all that a follower reads, and for the last statuses of messages.
    private func expectWhole(_ changes: [StatusChange]) throws {
        #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        // A missing change would leave two equal statuses in a row, or a wrong last one.
        var statuses: [MessageID: [Status]] = [:]
        for change in changes { statuses[change.message, default: []].append(change.status) }
        for (message, timeline) in statuses {
            #expect(
                zip(timeline, timeline.dropFirst()).allSatisfy { $0 != $1 },
                "\(message): \(timeline)")
        }
        let last = statuses.map { "\($0)|\($1.last?.code ?? 0)" }.sorted()
        #expect(
            try database.run("select id, status from message order by id")
                == last.joined(separator: "\n"))
        #expect(try Self.follow(try log()) == changes)
    }

    @Test(
        "a reader sees every change of several writers once, in the order of the numbers",
        arguments: [1, 2, 3] as [UInt64])
    func concurrent(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let harnesses = try (0..<3).map { number in
            WriterHarness(try database.responder) {
                $0.connections = 2
                $0.batchReports = [1, 8, 60][number]
            }
        }
        let submissions = (0..<600).map { _ in
            Report.random(messages: 40, using: &generator)
        }.chunked(upTo: 6, using: &generator).map { Submission.sample($0) }
        let followers = try [1...3, 50...500].map { Follower(try log(), limits: $0) }
        let answers = Answers()
        let workers = (0..<4).map { number in
            Worker {
                for index in stride(from: number, to: submissions.count, by: 4) {
                    answers.submit(submissions[index], to: harnesses[index % 3].writer)
                }
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(answers.failures().isEmpty)
        for harness in harnesses { harness.stop() }
        for follower in followers { try expectWhole(follower.end()) }
    }

    /// Writes a change by hand and keeps its transaction open.
    private func begin(_ number: Int, _ status: Status) throws -> Connection {
        let connection = try Connection(database.responder)
        try connection.execute(script: "begin")
        let row = WriteBatch.ReportRow(
            report: .sample(number, status, at: status.isFinal ? 9 : 1),
            callback: .new(at: .noon()),
            receivedAt: .noon())
        try connection.execute(
            UpsertMessageStatus(decisive: [row], arrivals: [WriteBatch.Arrivals(.noon())]))
        return connection
    }

    @Test("changes that are committed out of order are read in order, and none too early")
    func outOfOrder() throws {
        let log = try log()
        let first = try begin(1, .sent)
        let second = try begin(2, .sent)
        let third = try begin(3, .sent)
        try third.execute(script: "commit")
        #expect(try Self.follow(log).isEmpty)
        #expect(try log.latestChange() == .start)
        try second.execute(script: "rollback")
        #expect(try Self.follow(log).isEmpty)
        try first.execute(script: "commit")
        let changes = try Self.follow(log, limit: 1)
        #expect(changes.map(\.message) == [.test(1), .test(3)])
        #expect(try log.latestChange() == changes.last?.sequence)
        // A running transaction delays only later changes.
        let fourth = try begin(4, .sent)
        let fifth = try begin(5, .sent)
        try fourth.execute(script: "commit")
        #expect(try Self.follow(log, after: changes[1].sequence).map(\.message) == [.test(4)])
        try fifth.execute(script: "commit")
        #expect(
            try Self.follow(log, after: changes[1].sequence).map(\.message) == [.test(4), .test(5)])
    }

    @Test("of one message the later change has the greater sequence, whichever began first")
    func perMessage() throws {
        let early = try Connection(database.responder)
        // It has its transaction's number long before it changes the message.
        try early.execute(script: "begin; select pg_current_xact_id()")
        let late = try begin(1, .sent)
        try late.execute(script: "commit")
        let row = WriteBatch.ReportRow(
            report: .sample(1, .delivered, at: 9), callback: .new(at: .noon()), receivedAt: .noon())
        try early.execute(
            UpsertMessageStatus(decisive: [row], arrivals: [WriteBatch.Arrivals(.noon())]))
        try early.execute(script: "commit")
        #expect(try Self.follow(try log()).map(\.status) == [.sent, .delivered])
    }

    @Test("a transaction that changes no status delays no reader, however long it runs")
    func others() throws {
        let other = try Connection(database.admin)
        try other.execute(
            script: "begin; create table mine (id int); select pg_advisory_xact_lock(731088)")
        try begin(1, .sent).execute(script: "commit")
        #expect(try Self.follow(try log()).map(\.message) == [.test(1)])
    }

    @Test("a reader continues after a restart or a crash of the server where it was")
    func restart() throws {
        let server = try PostgresServer.dedicated(isDurable: true)
        let database = try TestDatabase(on: server)
        func write(_ numbers: Range<Int>, _ status: Status) throws {
            let harness = WriterHarness(try database.responder)
            #expect(
                harness.write(
                    [.sample(numbers.map { .sample($0, status, at: status.isFinal ? 9 : 1) })]
                ).isEmpty)
        }
        func follow(after sequence: ChangeSequence) throws -> [StatusChange] {
            try Self.follow(
                ChangeLog(try database.pool(), logger: .silent), after: sequence, limit: 4)
        }
        try write(0..<30, .sent)
        let before = try follow(after: .start)
        #expect(before.count == 30)
        try server.restart()
        try write(0..<3, .delivered)
        let between = try follow(after: try #require(before.last?.sequence))
        #expect(between.map(\.message).sorted() == (0..<3).map { .test($0) }.sorted())
        try server.kill()
        try server.start()
        #expect(try follow(after: .start) == before + between)
        try write(3..<6, .delivered)
        let after = try follow(after: try #require(between.last?.sequence))
        #expect(after.map(\.message).sorted() == (3..<6).map { .test($0) }.sorted())
    }

    @Test("a reader learns that changes were dropped for their age")
    func retention() throws {
        let log = try log()
        #expect(
            try log.changes(after: .start, limit: 9) == ChangePage(changes: [], isComplete: true))
        for number in 1...4 { try begin(number, .sent).execute(script: "commit") }
        let all = try Self.follow(log)
        let connection = try Connection(database.responder)
        func drop() throws -> Int? {
            try connection.execute(DropOldChanges(keepDays: 3, after: .first, most: 2)).first?.seen
        }
        #expect(try drop() == 0)
        try database.run(
            "update status_change set noted_at = now() - interval '73 hours' where block <> 2")
        // In order: changes after a young one wait for it.
        #expect(try drop() == 1)
        #expect(try drop() == 0)
        #expect(try log.changes(after: .start, limit: 9).changes == Array(all[1...]))
        #expect(try log.changes(after: all[0].sequence, limit: 9).isComplete)
        try database.run("update status_change set noted_at = now() - interval '73 hours'")
        #expect(try drop() == 2)
        // The latest change stays, so that a reader does not mistake dropped ones for none.
        #expect(try drop() == 0)
        #expect(
            try log.changes(after: all[0].sequence, limit: 9)
                == ChangePage(changes: [all[3]], isComplete: false))
        #expect(
            try log.changes(after: all[3].sequence, limit: 9)
                == ChangePage(changes: [], isComplete: true))
        // A server that has lost changes which a reader has seen.
        let ahead = ChangeSequence(rawValue: all[3].sequence.rawValue + 1_000_000)
        #expect(try log.changes(after: ahead, limit: 9).isComplete == false)
    }

    @Test("a table says what it does not hold")
    func bounds() throws {
        let error = #expect(throws: PostgresError.self) {
            try Connection(database.responder).execute(
                script: """
                    insert into status_change
                    select 1, now(), array_agg(gen_random_uuid()), array_agg(1), array_agg(1)
                    from generate_series(1, 16385)
                    """)
        }
        #expect(error?.constraint == "status_change_whole")
    }
}
