import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("What is enqueued for webhooks", .blocking)
struct WebhookQueueTests {
    private let sending: SendingHarness
    private var database: TestDatabase { sending.database }

    init() throws {
        sending = try SendingHarness()
    }

    /// An endpoint with conditions of its own; returns its id.
    private func webhook(
        _ number: Int, types: String = "{1}", _ columns: String = "", _ values: String = ""
    ) throws -> String {
        let id = "0190a000-0000-7000-8000-\(String(repeating: "0", count: 11))\(number)"
        try database.run(
            """
            insert into webhook (id, url, event_types, concurrency \(columns))
            values ('\(id)', 'https://example.com/\(number)', '\(types)', 4 \(values))
            """)
        return id
    }

    private func queued(_ id: String, _ what: String = "status") throws -> String {
        try database.run(
            "select \(what) from webhook_delivery where webhook_id = '\(id)' order by number")
    }

    private func count(_ id: String) throws -> Int? {
        Int(try database.run("select count(*) from webhook_delivery where webhook_id = '\(id)'"))
    }

    @Test("each change of a status, in the order and with the sequence of the changes")
    func changes() throws {
        let id = try webhook(1)
        let harness = WriterHarness(try database.responder)
        #expect(
            harness.write([
                .sample([.sample(1, .sent)]),
                .sample([.sample(2, .sent)]),
            ]).isEmpty)
        let second = WriterHarness(try database.responder)
        #expect(
            second.write([.sample([.sample(1, .delivered)])]).isEmpty)
        let log = ChangeLog(try database.pool(), logger: .silent)
        let changes = try log.changes(after: .start, limit: 10).changes
        #expect(changes.count == 3)
        #expect(
            try queued(id, "message_id, sequence, status, cause")
                == changes.map {
                    "\($0.message)|\($0.sequence.rawValue)|\($0.status.code)|\($0.cause.rawValue)"
                }.joined(separator: "\n"))
        #expect(
            try database.run(
                """
                select count(*) from webhook_delivery
                join report using (message_id, fingerprint, precedence, outcome_id)
                """) == "3")
    }

    @Test("nothing of a transaction that is rolled back, and nothing without a webhook")
    func onlyWhatHappened() throws {
        let harness = WriterHarness(try database.responder)
        #expect(
            harness.write([.sample([.sample(1, .sent)])]).isEmpty)
        #expect(try database.run("select count(*) from webhook_delivery") == "0")
        let id = try webhook(1)
        try database.run(
            """
            begin;
            insert into status_change select block + 1000, noted_at, messages, statuses, causes
            from status_change;
            rollback;
            """)
        #expect(try queued(id) == "")
    }

    @Test("what its filters let through, of messages that we sent")
    func filters() throws {
        let submitter = Submitter(Requester.sample.principal)
        let all = try webhook(1)
        let final = try webhook(2, ", statuses", ", '{4,5,6,7,8,10,11}'")
        let right = try webhook(
            3, ", submitters, metadata, providers",
            ", '{\(submitter.id.uuid)}', '{\"team\": \"a\"}', '{1}'")
        let wrong = try webhook(4, ", metadata", ", '{\"team\": \"b\"}'")
        let other = try webhook(5, ", providers", ", '{2}'")
        let country = try webhook(6, ", countries", ", '{CH}'")
        let paused = try webhook(7, ", state", ", 2")
        let deleted = try webhook(8, ", state", ", 4")
        let messages = try sending.accept(
            .sample(recipients: 2, metadata: #"{"team": "a", "n": 1}"#))
        // Not even an object of jsonb.
        try sending.accept(.sample(metadata: #"{"n": "\u0000"}"#))
        #expect(messages.count == 2)
        #expect(try count(all) == 3)
        #expect(try count(final) == 0)
        #expect(try count(right) == 2)
        #expect(try count(wrong) == 0)
        #expect(try count(other) == 0)
        #expect(try count(country) == 3)
        #expect(try count(paused) == 3)
        #expect(try count(deleted) == 0)
        #expect(
            try database.run("select count(distinct event_id) from webhook_delivery") == "3")
    }

    @Test("other events for those that ask for them, with numbers for those that chose them")
    func events() throws {
        let plain = try webhook(1, types: "{1,4}")
        let numbers = try webhook(2, types: "{4}", ", has_numbers", ", true")
        let others = try webhook(3, types: "{2}")
        let connection = try Connection(database.responder)
        let enqueued = try connection.transaction { () throws(PostgresError) in
            try connection.enqueue([
                WebhookEvent(
                    .providerSilent, data: #"{"provider": "infobip"}"#,
                    numbers: #"{"number": "+41791234567"}"#, provider: .infobip, country: "CH")
            ])
        }
        #expect(enqueued == 2)
        #expect(try queued(plain, "data ->> 'provider', data ->> 'number'") == "infobip|")
        #expect(
            try queued(numbers, "data ->> 'provider', data ->> 'number'")
                == "infobip|+41791234567")
        #expect(try queued(others) == "")
    }

    @Test("is dropped with its attempts when it is old, and the deleted webhook with it")
    func retention() throws {
        let id = try webhook(1, ", state, updated_at", ", 4, now() - interval '9 days'")
        let kept = try webhook(2)
        try database.run(
            """
            insert into webhook_delivery (
                created_at, due_at, webhook_id, event_id, event_type, data)
            select now() - age * interval '1 day', now(), id::uuid, gen_random_uuid(), 6, '{}'
            from (values (8, '\(id)'), (5, '\(kept)')) as old (age, id);
            insert into webhook_attempt (delivery, number, at, milliseconds)
            select number, 1, now(), 5 from webhook_delivery;
            """)
        let pool = try database.pool(1)
        let metrics = Maintenance(pool, keepDays: 7, logger: .silent, isRepeated: false)
        #expect(metrics.runOnce())
        #expect(metrics.dropped["webhook_deliveries"] == 1)
        #expect(
            try database.run(
                "select (select count(*) from webhook_attempt), string_agg(id::text, ',') from webhook"
            ) == "1|\(kept)")
    }
}
