import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("What sending leaves behind", .blocking)
struct OutboxMaintenanceTests {
    private static let day: Int64 = 86_400

    /// One portion of each kind, large enough for these tests.
    private func maintain(_ database: TestDatabase, keepDays: Int = 30) throws {
        let connection = try Connection(database.responder)
        try connection.execute(DropOldKeys(keepDays: keepDays, after: .first, most: 10_000))
        try connection.execute(DropOldEvents(keepDays: keepDays, after: .first, most: 10_000))
        try connection.execute(DropOldDeadLetters(keepDays: keepDays, after: .first, most: 10_000))
        try connection.execute(DropOldSendRequests(keepDays: keepDays, after: .first, most: 10_000))
    }

    /// Moves all events of a message so far to an earlier time.
    private func age(_ message: MessageID, days: Int64, _ database: TestDatabase) throws {
        try database.run(
            """
            update event set at = at - interval '\(days) days' where message_id = '\(message)';
            update dead_letter set at = at - interval '\(days) days' where message_id = '\(message)';
            update message set updated_at = updated_at - interval '\(days) days'
            where id = '\(message)' and updated_at > now() - interval '1 day'
            """)
    }

    /// How many events a message has, whether its text is there, and whether it is a dead letter.
    private func left(_ message: MessageID, _ sending: SendingHarness) throws -> String {
        try sending.database.run(
            """
            select (select count(*) from event where message_id = message.id),
                exists (select from send_request where id = message.send_request_id),
                exists (select from dead_letter where message_id = message.id)
            from message where id = '\(message)'
            """)
    }

    @Test("expired data is deleted, but not the text and the timeline of messages that still wait")
    func drops() throws {
        let sending = try SendingHarness()
        let accepted = Timestamp.now.advanced(by: .seconds(-40 * Self.day))
        let far = Timestamp.now.advanced(by: .seconds(600))
        var over: [MessageID] = []
        var waiting: [MessageID] = []
        for days: Int64 in [31, 29] {
            let refused = try sending.accept(.sample(at: accepted, giveUpAt: far))[0]
            let first = try sending.lease().leases[0].id
            try sending.outbox.record([.refused(refused, first)], counts: [:])
            let sent = try sending.accept(.sample(at: accepted, giveUpAt: far))[0]
            let second = try sending.lease().leases[0].id
            try sending.outbox.record([.accepted(sent, second)], counts: [:])
            for message in [refused, sent] { try age(message, days: days, sending.database) }
            over.append(refused)
            waiting.append(sent)
        }
        try maintain(sending.database)
        #expect(try over.map { try left($0, sending) } == ["0|f|f", "1|t|t"])
        #expect(try waiting.map { try left($0, sending) } == ["1|t|f", "1|t|f"])
        #expect(try sending.database.run("select count(*) from message") == "4")
    }

    @Test("a message scheduled a hundred days ahead keeps its text and timeline after it was sent")
    func agesFromTheEnd() throws {
        let sending = try SendingHarness()
        let accepted = Timestamp.now.advanced(by: .seconds(-100 * Self.day))
        let message = try sending.accept(
            .sample(at: accepted, giveUpAt: .now.advanced(by: .seconds(600))))[0]
        let lease = try sending.lease().leases[0].id
        try sending.outbox.record([.accepted(message, lease)], counts: [:])
        try sending.database.run("delete from outbox")
        try maintain(sending.database)
        #expect(try left(message, sending) == "1|t|f")

        // Not even its own steps are the last thing, if a report came after them.
        try age(message, days: 99, sending.database)
        let report = Report(
            message: message, isKeyDerived: true, provider: .infobip,
            providerMessageID: "\(message)", status: .delivered,
            outcome: Outcome(provider: .infobip), doneAt: .noon())
        let writer = WriterHarness(try sending.database.responder)
        #expect(writer.write([.sample([report], receivedAt: .now)]).isEmpty)
        try sending.database.run(
            "update message set updated_at = '\(accepted)' where id = '\(message)'")
        try maintain(sending.database)
        #expect(try left(message, sending) == "1|t|f")
        try sending.database.run("update report set received_at = '\(accepted)'")
        try maintain(sending.database)
        #expect(try left(message, sending) == "0|f|f")
    }

    @Test("a send request keeps its text as long as any of its messages has a timeline")
    func keepsText() throws {
        let sending = try SendingHarness()
        let accepted = Timestamp.now.advanced(by: .seconds(-100 * Self.day))
        let ids = try sending.accept(
            .sample(recipients: 2, at: accepted, giveUpAt: .now.advanced(by: .seconds(600))))
        let lease = try sending.lease().leases[0].id
        try sending.outbox.record(ids.map { .refused($0, lease) }, counts: [:])
        try age(ids[0], days: 99, sending.database)
        try maintain(sending.database)
        #expect(try ids.map { try left($0, sending) } == ["0|t|f", "1|t|t"])
        try age(ids[1], days: 99, sending.database)
        try maintain(sending.database)
        #expect(try ids.map { try left($0, sending) } == ["0|f|f", "0|f|f"])
    }

    @Test("keys are deleted after a day")
    func dropsKeys() throws {
        let sending = try SendingHarness()
        let now = Timestamp.now
        for (key, hours) in [("young", 23), ("old", 25)] {
            let time = now.advanced(by: .seconds(-hours * 3600))
            _ = try sending.queue.accept(.sample(at: time), .sample(key: key))
        }
        try maintain(sending.database)
        #expect(try sending.database.run("select key from idempotency_key") == "young")
    }

    @Test("the responder cannot have anything deleted within three days")
    func hasFloor() throws {
        let connection = try Connection(TestDatabase().responder)
        func refusal(_ drop: (some WalkStatement).Type) throws -> PostgresError? {
            #expect(throws: PostgresError.self) {
                try connection.execute(drop.init(keepDays: 2, after: .first, most: 10))
            }
        }
        #expect(try refusal(DropOldEvents.self)?.code == .data)
        #expect(try refusal(DropOldDeadLetters.self)?.code == .data)
        #expect(try refusal(DropOldSendRequests.self)?.code == .data)
        #expect(try refusal(DropOldQuarantine.self)?.code == .data)
        #expect(try refusal(DropOldCallbacks.self)?.code == .data)
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(DropArchivePartition(keepDays: 2))
        }
        #expect(error?.code == .data)
    }

    @Test("temporary tables do not get the owner's rights")
    func resistsTemporaryTables() throws {
        let connection = try Connection(TestDatabase().responder)
        try connection.execute(
            script: """
                create temporary table dead_letter (message_id uuid, at timestamptz);
                insert into dead_letter values (gen_random_uuid(), '2000-01-01');
                """)
        try connection.execute(DropOldDeadLetters(keepDays: 3, after: .first, most: 10))
        try connection.execute(
            script: "do $$ begin assert (select count(*) from pg_temp.dead_letter) = 1; end $$")
    }
}
