import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Looks at a long outbox", .blocking)
struct OutboxLookTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    private var counts: String {
        get throws {
            try sending.database.run(
                """
                select provider, state, sum(messages) from outbox_count
                group by 1, 2 having sum(messages) <> 0 order by 1, 2
                """)
        }
    }

    private var rows: String {
        get throws {
            try sending.database.run(
                "select provider, state, count(*) from outbox group by 1, 2 order by 1, 2")
        }
    }

    /// 200,000 messages at both providers: half ready, a quarter leased by some dispatchers, the
    /// others unsure or sent.
    private func fill(dispatchers: [Int32]) throws {
        let holders = dispatchers.map { "\($0)" }.joined(separator: ", ")
        try sending.database.run(
            """
            insert into outbox (
                message_id, send_request_id, due_at, give_up_at, attempted_at, lease_id, dispatcher,
                provider, state, attempts, is_bound, recipient)
            select ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid,
                gen_random_uuid(), now() + (n % 1000 + 100) * interval '1 s',
                now() + interval '20 hours', now(),
                case when state = 2 then gen_random_uuid() end,
                case when state = 2 then
                    (array[\(holders)])[1 + n / 4 % \(dispatchers.count)] end,
                1 + n % 2, state, 1, false, '+4479' || n
            from (
                select n, case n % 8 when 4 then 2 when 5 then 2 when 6 then 3 when 7 then 4
                    else 1 end as state
                from generate_series(1, 200000) as n) as numbered
            """)
    }

    /// How many rows of the outbox a statement touches, in the plan that it gets when it is run.
    private func touched<S: Statement>(
        _ statement: S, as settings: ConnectionSettings? = nil
    ) throws -> Int64 {
        let connection = try Connection(settings ?? sending.database.dispatcher)
        let count = try connection.transaction { () throws(PostgresError) -> Int64? in
            try connection.execute(PlanAnew(), statement)
            return try connection.execute(TouchedRows()).first
        }
        return try #require(count)
    }

    @Test("none of them reads more than a few rows of 200,000")
    func areBounded() throws {
        let holders = try (0..<3).map { _ in try sending.outbox.register() }
        defer { withExtendedLifetime(holders) {} }
        try fill(dispatchers: holders.map(\.number))
        #expect(
            try touched(SelectSendingStates(), as: sending.database.responder) < 50)
        #expect(try touched(TakeOverLeases(now: .now, limit: 10_000)) < 50)
        for provider in Provider.samples {
            #expect(try touched(GiveUpLate(provider: provider, now: .now, limit: 5000)) < 50)
        }
        #expect(try rows == counts)
        let pool = try sending.database.pool(1)
        let states = try SendingStates(pool, logger: .silent).sendingStates()
        #expect(states.map(\.ready).reduce(0, +) == 100_000)
        #expect(states.map(\.leased).reduce(0, +) == 50_000)
        #expect(states.map(\.unsure).reduce(0, +) == 25_000)
        #expect(states.map(\.awaitingReport).reduce(0, +) == 25_000)
        #expect(states.allSatisfy { $0.oldestDueAt == nil })
        try sending.database.run(
            "update outbox set due_at = now() - interval '1 h' where recipient = '+447916'")
        let due = try SendingStates(pool, logger: .silent).sendingStates().compactMap(\.oldestDueAt)
        #expect(due.count == 1)
    }

    @Test("messages for a takeover are found after those that must stay at their provider")
    func passesOverBound() throws {
        try fill(dispatchers: [1])
        try sending.database.run(
            "update outbox set due_at = now() - interval '1 h', is_bound = true where state = 1")
        for provider in Provider.samples {
            #expect(
                try touched(
                    SelectTakeover(provider: provider, segmentLimits: nil, limit: 1000)) < 50)
            #expect(
                try touched(SelectNextDue(provider: provider, others: [provider], isNeeded: true))
                    < 50)
        }
    }

    @Test("leasing reads only what it leases, although the outbox was not analysed since it grew")
    func leasesFew() throws {
        try fill(dispatchers: [1])
        try sending.database.run(
            "update outbox set due_at = now() - interval '1 h' where state = 1")
        for provider in Provider.samples {
            #expect(try touched(SelectDue(provider: provider, limit: 100)) < 1000)
        }
    }

    @Test("of many leases only those that expired or whose holder has ended are taken over")
    func takesOverFew() throws {
        let alive = try sending.outbox.register()
        defer { withExtendedLifetime(alive) {} }
        try fill(dispatchers: [alive.number, 1])
        try sending.database.run(
            "update outbox set due_at = now() where state = 2 and recipient like '+44794%5'")
        let expected = try sending.database.run(
            "select count(*) from outbox where state = 2 and (due_at <= now() or dispatcher = 1)")
        var taken = 0
        while true {
            let some = try sending.outbox.takeOver(at: .now)
            if some == 0 { break }
            taken += some
        }
        #expect("\(taken)" == expected)
        #expect(try rows == counts)
    }

    @Test("the counts follow every step of a message, and any other change of the outbox")
    func countsFollow() throws {
        let ids = try sending.accept(.sample(recipients: 10))
        #expect(try counts == "1|1|10")
        let lease = try sending.lease(messages: 8).leases[0].id
        #expect(try counts == "1|1|2\n1|2|8")
        _ = try sending.queue.cancel(ids[9], at: .now, by: .sample)
        let leased = try sending.database.run("select message_id from outbox where state = 2")
            .split(separator: "\n").compactMap { MessageID(String($0)) }
        try sending.outbox.record(
            [
                .accepted(leased[0], lease), .unanswered(leased[1], lease),
                .refused(leased[2], lease),
            ],
            counts: [:])
        #expect(try rows == counts)
        #expect(try sending.outbox.takeOver(at: .now) == 5)
        #expect(try rows == counts)
        try sending.accept(.sample(recipients: 3, provider: .plivo, giveUpAt: .noon()))
        #expect(try sending.outbox.giveUpLate(at: .now, limit: 2) == 2)
        #expect(try rows == counts)
        try sending.database.run("begin; delete from outbox; rollback")
        #expect(try rows == counts)
        try sending.database.run("truncate outbox")
        #expect(try counts == "")
    }

    @Test("the counts' table stays short however many statements change the outbox")
    func countsStayShort() throws {
        try sending.accept(.sample(recipients: 2))
        try sending.database.run(
            """
            do $$ begin
                for n in 1..4000 loop
                    update outbox set state = case state when 3 then 4 else 3 end;
                end loop;
            end $$
            """)
        #expect(try counts == rows)
        let length = try #require(
            Int(try sending.database.run("select count(*) from outbox_count")))
        #expect(length < 4000)
    }

    @Test("wrong counts are corrected")
    func recounts() throws {
        try sending.accept(.sample(recipients: 5))
        let connection = try Connection(sending.database.responder)
        #expect(try connection.execute(RecountOutbox()).first == false)
        try sending.database.run(
            """
            set session_replication_role = replica;
            delete from outbox where message_id = (select message_id from outbox limit 1);
            insert into outbox_count values (2, 4, 7)
            """)
        #expect(try connection.execute(RecountOutbox()).first == true)
        #expect(try counts == "1|1|4")
        #expect(try connection.execute(RecountOutbox()).first == false)
    }
}

/// The rows of the outbox that this transaction has read so far, by whatever way.
private struct TouchedRows: Statement {
    static let name: StaticString = "touched_rows"
    static let sql: StaticString = """
        select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
        from pg_stat_xact_user_tables where relname = 'outbox'
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}
