import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Who is told of changes", .blocking)
struct ChangeFeedTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func log() throws -> ChangeLog { ChangeLog(try database.pool(), logger: .silent) }

    private func submit(_ reports: [Report], to harness: WriterHarness) {
        let answers = Answers()
        answers.submit(.sample(reports), to: harness.writer)
        #expect(answers.failures().isEmpty)
    }

    @Test("each change of a status is published once, and a report without a change is not")
    func writer() throws {
        let listener = ChangeRecorder()
        let harness = WriterHarness(try database.responder, feed: ChangeFeed([listener]))
        // Few reports, of which some are known; then many that are new.
        let steps: [[Report]] = [
            [.sample(1, .sent, at: 1)], [.sample(1, .sent, at: 1)], [.sample(1, .sent, at: 2)],
            [.sample(1, .delivered, at: 3), .sample(2, .accepted, at: 1)],
            [.sample(1, .sent, at: 9)], [.sample(1, .delivered, at: 3)],
            [.sample(1, .delivered, at: 4)], [.sample(1, .failed, at: 5)],
            (10..<40).map { .sample($0, .sent, at: 1) },
            (10..<40).map { .sample($0, $0 % 2 == 0 ? .delivered : .sent, at: 2) },
        ]
        for step in steps { submit(step, to: harness) }
        harness.stop()
        #expect(listener.changes(of: .test(1)) == [.sent, .delivered, .failed])
        #expect(listener.changes(of: .test(2)) == [.accepted])
        for number in 10..<40 {
            #expect(
                listener.changes(of: .test(number))
                    == (number % 2 == 0 ? [.sent, .delivered] : [.sent]))
        }
        #expect(listener.isOrdered)
        #expect(listener.all.allSatisfy { $0.cause == .callback })
        #expect(listener.all.filter(\.isFinal).count == 17)
        #expect(try log().changes(after: .start, limit: 1000).changes == listener.all)
    }

    @Test("the cause tells a status query from a callback, in one batch too")
    func causes() throws {
        let listener = ChangeRecorder()
        let harness = WriterHarness(try database.responder, feed: ChangeFeed([listener]))
        func polled(_ number: Int) -> Report {
            Report(
                message: .test(number), provider: .infobip, providerMessageID: "message-\(number)",
                status: .delivered, outcome: Outcome(provider: .infobip), source: .poll)
        }
        for base in [0, 100] {
            let some = base == 0 ? 2 : 30
            submit(
                (base..<base + some).map { $0 % 2 == 0 ? .sample($0) : polled($0) }, to: harness)
        }
        harness.stop()
        #expect(listener.all.count == 32)
        for change in listener.all {
            #expect((change.cause == .callback) == (change.message.low % 2 == 0))
        }
        #expect(try log().changes(after: .start, limit: 1000).changes == listener.all)
    }

    @Test("nothing is published before the commit, and then others can see it")
    func afterCommit() throws {
        let observer = try Connection(database.responder)
        let seen = Mutex<[Int64]>([])
        let listener = ChangeRecorder { changes in
            for change in changes {
                let count = try? observer.execute(CountReports(message: change.message)).first
                seen.withLock { $0.append(count ?? -1) }
            }
        }
        let harness = WriterHarness(try database.responder, feed: ChangeFeed([listener]))
        harness.connect()
        let blockade = try Blockade(database)
        let answers = Answers()
        answers.submit(.sample([.sample(1)]), to: harness.writer)
        let isUnderWay = try waitUntil(within: .seconds(20)) {
            try database.run("select count(*) from pg_locks where not granted") != "0"
        }
        #expect(isUnderWay)
        #expect(listener.all.isEmpty)
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(listener.all.map(\.message) == [.test(1)])
        #expect(seen.withLock { $0 } == [1])
    }

    @Test("of a divided batch, what is committed is published and the rest is not")
    func bisection() throws {
        let listener = ChangeRecorder()
        let harness = WriterHarness(try database.responder, feed: ChangeFeed([listener])) {
            $0.batchReports = 10_000
        }
        harness.connect()
        let blockade = try Blockade(database)
        let answers = Answers()
        answers.submit(.sample([]), to: harness.writer)
        let isTaken = waitUntil(within: .seconds(20)) { harness.writer.queue.count == 0 }
        #expect(isTaken)
        for number in 0..<50 {
            answers.submit(
                .sample([.sample(number, attributes: number == 20 ? "{" : nil)]),
                to: harness.writer)
        }
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(
            Set(listener.all.map(\.message)) == Set((0..<50).filter { $0 != 20 }.map { .test($0) }))
        #expect(listener.all.count == 49)
        let logged = try log().changes(after: .start, limit: 1000).changes
        #expect(logged.map(\.sequence) == listener.all.map(\.sequence).sorted())
    }

    @Test("the combined status of a long message's parts is a change of its own")
    func parts() throws {
        let listener = ChangeRecorder()
        let harness = WriterHarness(try database.responder, feed: ChangeFeed([listener]))
        let id = MessageID.new(at: .noon())
        for number in 1...2 {
            submit(
                [
                    Report(
                        message: id, isKeyDerived: false, provider: .plivo,
                        providerMessageID: "u", status: .delivered,
                        outcome: Outcome(provider: .plivo), doneAt: .noon(plus: Int64(number)),
                        part: PartNumber(number: number, total: 2),
                        attributes: "{\"part\": \(number)}")
                ], to: harness)
        }
        harness.stop()
        #expect(listener.changes(of: id) == [.sent, .delivered])
        #expect(try log().changes(after: .start, limit: 1000).changes == listener.all)
    }

    @Test("sending publishes what it accepted, took over, gave up, cancelled, and learned")
    func sending() throws {
        let listener = ChangeRecorder()
        let sending = try SendingHarness(feed: ChangeFeed([listener]))
        let log = ChangeLog(try sending.database.pool(), logger: .silent)
        let request = try SendRequest.sample(recipients: 3)
        let ids = try sending.accept(request)
        try sending.accept(request)
        #expect(listener.all.map(\.message).sorted() == ids.sorted())
        #expect(listener.all.allSatisfy { $0.status == .queued && $0.cause == .event })

        #expect(try sending.queue.cancel(ids[0], at: .now, by: .sample) == .cancelled)
        #expect(try sending.queue.cancel(ids[0], at: .now, by: .sample) == .tooLate(.cancelled))
        #expect(listener.changes(of: ids[0]) == [.queued, .cancelled])

        let (taken, lease) = try sending.leased(.plivo)
        try sending.outbox.record([.accepted(taken, lease, by: .plivo)], counts: [:])
        // Late or repeated: the timeline has it, and nothing changes.
        try sending.outbox.record([.accepted(taken, lease, by: .plivo)], counts: [:])
        // Two steps of one message in one transaction.
        let (unsure, other) = try sending.leased(.plivo)
        try sending.outbox.record(
            [.unanswered(unsure, other), .accepted(unsure, nil, by: .plivo)], counts: [:])
        #expect(listener.changes(of: taken) == [.queued, .accepted])
        #expect(listener.changes(of: unsure) == [.queued, .unknown, .accepted])

        let (lost, _) = try sending.leased(.plivo)
        try sending.database.run("update outbox set due_at = now() where state = 2")
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        #expect(listener.changes(of: lost) == [.queued, .unknown])

        #expect(
            try sending.outbox.giveUpLate(at: .now.advanced(by: .seconds(7200)), limit: 9) == 2)
        #expect(listener.changes(of: ids[1]) == [.queued, .failed])
        #expect(listener.isOrdered)
        #expect(listener.all.allSatisfy { $0.cause == .event })
        #expect(try log.changes(after: .start, limit: 1000).changes == listener.all)
    }

    @Test(
        "a message of an idempotent request is published once, however often it is requested"
    )
    func idempotent() throws {
        let listener = ChangeRecorder()
        let sending = try SendingHarness(feed: ChangeFeed([listener]))
        let first = try SendRequest.sample()
        #expect(try sending.queue.accept(first, .sample()) == .queued)
        #expect(try sending.queue.accept(.sample(), .sample()) != .queued)
        #expect(listener.all.map(\.message) == first.recipients.map(\.message))
    }

    @Test("a commit with an unknown outcome is not published; the log has it")
    func doubt() throws {
        let listener = ChangeRecorder()
        let sending = try SendingHarness()
        let relay = try LossyRelay(to: sending.database.server.port)
        let settings = try ConnectionSettings(
            "postgresql://waybill:secret@127.0.0.1:\(relay.port)/\(sending.database.name)")
        let queue = SendQueue(
            ConnectionPool(settings, maximumCount: 1), feed: ChangeFeed([listener]),
            logger: .silent)
        let request = try SendRequest.sample()
        // A connection that was not idle: a pool repeats nothing on it.
        relay.loseNext(.answer)
        _ = try? queue.accept(request, .sample())
        #expect(relay.lossCount == 1)
        #expect(listener.all.isEmpty)
        let log = ChangeLog(try sending.database.pool(), logger: .silent)
        #expect(
            try log.changes(after: .start, limit: 9).changes.map(\.message)
                == request.recipients.map(\.message))
        // Written again, it changes nothing.
        #expect(try queue.accept(request, .sample()) != .queued)
        #expect(listener.all.isEmpty)
    }
}
