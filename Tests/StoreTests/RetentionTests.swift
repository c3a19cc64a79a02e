import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("Retention until nothing old is left", .blocking)
struct RetentionTests {
    private let database: TestDatabase
    private let metrics = Metrics()

    init() throws {
        database = try TestDatabase()
    }

    /// Old keys, and old messages with a send request, two events and a dead letter each.
    private func fill(keys: Int, messages: Int) throws {
        try database.run(
            """
            insert into idempotency_key (principal_id, key, created_at, digest, status, answer)
            select '00000000-0000-7000-8000-000000000000'::uuid, n::text, now() - interval '25 hours', '', 202, ''
            from generate_series(1, \(keys)) as n;
            create table old as
            select ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid as id,
                now() - interval '40 days' as at
            from generate_series(1, \(messages)) as n;
            insert into send_request (
                id, accepted_at, give_up_at, segments, encoding, is_pinned, body)
            select id, at, at, 1, 'gsm-7', false, 'text' from old;
            insert into message (
                id, precedence, fingerprint, created_at, updated_at, provider, status, is_ours,
                send_request_id)
            select id, 1, 0, at, at, 1, 6, true, id from old;
            insert into event (message_id, at, kind, provider)
            select id, at, 1, 1 from old, generate_series(1, 2) order by id;
            insert into dead_letter (
                message_id, at, send_request_id, provider, attempts, recipient, code, reason)
            select id, at, id, 1, 1, '', '', '' from old;
            """)
    }

    private func counts() throws -> String {
        try database.run(
            """
            select (select count(*) from idempotency_key), (select count(*) from event),
                (select count(*) from dead_letter), (select count(*) from send_request)
            """)
    }

    /// Runs maintenance until a condition holds.
    private func maintain(until isDone: () throws -> Bool) throws {
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 30, metrics: metrics, logger: .silent)
        defer { maintenance.stop() }
        #expect(try waitUntil(within: .seconds(120), isDone))
    }

    @Test("120,000 old keys and 60,000 old messages with all their data are deleted in a run")
    func dropsAll() throws {
        try fill(keys: 120_000, messages: 60_000)
        try maintain { try counts() == "0|0|0|0" }
        #expect(try database.run("select count(*) from message") == "60000")
        let text = metrics.exposition()
        #expect(
            text.contains(
                "\nwaybill_maintenance_dropped_rows_total{step=\"idempotency_keys\"} 120000\n"))
        #expect(text.contains("\nwaybill_maintenance_dropped_rows_total{step=\"events\"} 120000\n"))
        #expect(text.contains("\nwaybill_maintenance_failures_total{step=\"events\"} 0\n"))
    }

    @Test("a portion that is cancelled is tried again with fewer rows, and the run goes on")
    func outlastsCancels() throws {
        try fill(keys: 3000, messages: 1)
        // As a time-out of the server would, for all that takes more than 300 rows.
        try database.run(
            """
            create function refuse_many() returns trigger language plpgsql as $$
            begin
                if (select count(*) from gone) > 300 then
                    raise exception 'too many' using errcode = 'query_canceled';
                end if;
                return null;
            end $$;
            create trigger refuse_many after delete on idempotency_key
                referencing old table as gone for each statement execute function refuse_many();
            grant execute on function refuse_many to public
            """)
        try maintain { try counts() == "0|0|0|0" }
    }

    @Test("a step that fails does not stop the others, and is counted")
    func goesOn() throws {
        try fill(keys: 10, messages: 10)
        try database.run("drop function drop_old_keys; drop function add_archive_partition")
        try maintain { try counts() == "10|0|0|0" }
        let text = metrics.exposition()
        for step in ["idempotency_keys", "partitions"] {
            #expect(text.contains("\nwaybill_maintenance_failures_total{step=\"\(step)\"} 1\n"))
        }
    }

    @Test("portions grow while they are fast and shrink when they are not")
    func paces() {
        var pace = BatchPace()
        let first = pace.size
        var rests: [Duration] = []
        var sizes: [Int] = []
        for time: Duration in [.milliseconds(50), .milliseconds(300), .seconds(4)] {
            rests.append(pace.succeeded(in: time))
            sizes.append(pace.size)
        }
        #expect(rests == [.milliseconds(150), .milliseconds(900), .seconds(2)])
        #expect(sizes == [2 * first, 2 * first, first])
        let mayGoOn = pace.timedOut()
        #expect(mayGoOn && pace.size == first / 4)
        for _ in 0..<20 { _ = pace.succeeded(in: .zero) }
        #expect(pace.size == 20_000)
        var tries = 1
        while pace.timedOut() { tries += 1 }
        #expect(tries == 8)
        #expect(pace.size == 10)
    }
}
