import Domain
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("What happens is kept by five minutes, and alarms are raised once", .blocking)
struct DriftWatchTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func watch(_ ages: ReportAges = ReportAges()) throws -> DriftWatch {
        DriftWatch(
            try database.pool(2), ages: ages, providers: [.infobip],
            name: { "\($0.provider.name) \($0.country?.description ?? "all")" }, logger: .silent)
    }

    /// A week of 95% delivered around this time, and today another share of 120 in each slot.
    private func addTraffic(deliveredToday: Int) throws {
        try database.run(
            """
            insert into traffic (since, provider, country, statuses, failures)
            select date_bin('5 minutes', now(), '2000-01-01 00:00:00+00')
                    - make_interval(hours => 24 * day, mins => -5 * slot),
                1, 'FR', array[[4, delivered], [5, 120 - delivered]],
                array[[7, 120 - delivered]]
            from generate_series(0, 7) as day, generate_series(-20, 8) as slot,
                lateral (values (case when day = 0 and slot > -4 then \(deliveredToday)
                    else 114 end::bigint)) as share (delivered)
            where day > 0 or slot <= 0
            on conflict (since, provider, country) do update set
                statuses = excluded.statuses, failures = excluded.failures
            """)
    }

    @Test("Whatever moves is counted in its slot: by country, with outcomes, and those of ours")
    func counts() throws {
        func write(_ submission: Submission) throws {
            #expect(WriterHarness(try database.responder).write([submission]).isEmpty)
        }
        let reports = (0..<30).map { Report.sample($0, $0 < 20 ? .delivered : .undeliverable) }
        try write(.sample(reports, receivedAt: .now))
        // A message that moves on is taken from where it was.
        try write(.sample([.sample(40, .sent)]))
        try write(.sample([.sample(40, .delivered)]))
        let folder = StatisticsFolder(try database.pool(1), logger: .silent)
        defer { folder.stop() }
        #expect(
            try waitUntil(within: .seconds(30)) {
                try database.run("select count(*) from statistic_change") == "0"
            })
        let sums = try database.run(
            """
            select string_agg(status || ':' || messages, ' ' order by status) from (
                select statuses[n][1] as status, sum(statuses[n][2]) as messages
                from traffic, generate_subscripts(statuses, 1) as n
                where country = 'US' and provider = \(Provider.infobip.code)
                group by 1
            ) as sum where messages <> 0
            """)
        #expect(sums == "4:21 5:10")
        #expect(
            try database.run(
                "select sum(failures[n][2]) from traffic, generate_subscripts(failures, 1) as n")
                == "10")
        #expect(try database.run("select sum(ours) from traffic") == "0")
    }

    @Test("Ages of reports are added to their slots")
    func ages() throws {
        let ages = ReportAges()
        let now = Timestamp.noon(plus: 600)
        ages.add([.sample(1), .sample(2)], receivedAt: now)
        ages.add([.sample(3)], receivedAt: now)
        let taken = ages.take()
        #expect(ages.take().isEmpty)
        let store = DriftStore(try database.pool(1), logger: .silent)
        try store.add(taken)
        try store.add(taken)
        let age = DelayClass(from: .noon(), to: now).rawValue
        #expect(try database.run("select country || ages::text from traffic") == "US{{\(age),6}}")
    }

    @Test("An alarm is raised by one of many, kept up to date, and cleared when it has been fine")
    func alarm() throws {
        try database.run(
            """
            insert into outcome (id, provider, error_name) values (7, 1, 'EC_ABSENT_SUBSCRIBER');
            insert into webhook (id, url, event_types, concurrency)
            values (gen_random_uuid(), 'https://example.com', '{4}', 4);
            """)
        /// What the webhook is told, in order.
        func told() throws -> String {
            try database.run(
                """
                select string_agg(data ->> 'state', ' ' order by number) from webhook_delivery
                where data ->> 'country' = 'FR' and data ->> 'sentence' like '% delivered in %'
                    and data ->> 'provider' = 'infobip' and data ->> 'kind' = 'failures'
                """)
        }
        try addTraffic(deliveredToday: 60)
        let watches = try (0..<3).map { _ in try watch() }
        defer { for watch in watches { watch.stop() } }
        #expect(
            waitUntil(within: .seconds(30)) { watches.allSatisfy { $0.alarms.count == 1 } })
        let sentence =
            "infobip FR: 50% delivered in the last 15 minutes, usually 95%; mostly "
            + "EC_ABSENT_SUBSCRIBER"
        #expect(watches.allSatisfy { $0.alarms.first?.sentence == sentence })
        #expect(try database.run("select count(*) from alarm") == "1")
        #expect(try told() == "raised")

        try addTraffic(deliveredToday: 72)
        try watches[0].look()
        let store = DriftStore(try database.pool(1), logger: .silent)
        #expect(try store.alarms().map(\.sentence) == [sentence.replacing("50%", with: "60%")])

        // Fine, but not for long enough.
        try addTraffic(deliveredToday: 114)
        try watches[0].look()
        #expect(try store.alarms().count == 1)
        try database.run("update alarm set seen_at = now() - interval '11 minutes'")
        try watches[0].look()
        #expect(try store.alarms().isEmpty)
        #expect(try database.run("select count(*) from alarm where cleared_at > raised_at") == "1")
        #expect(try told() == "raised cleared")
        // And the next one is another one.
        try addTraffic(deliveredToday: 60)
        try watches[1].look()
        #expect(try database.run("select count(*) from alarm") == "2")
    }

    @Test("Slots and alarms go when nothing needs them")
    func dropped() throws {
        try database.run(
            """
            insert into traffic (since, provider, country)
            select now() - make_interval(days => day), 1, 'FR' from generate_series(1, 20) as day;
            insert into alarm (provider, country, kind, raised_at, seen_at, cleared_at, sentence)
            select 1, '', 'silence', at, at, at, '' from (values
                (now() - interval '10 days'), (now() - interval '500 days')) as time (at)
            """)
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 90, logger: .silent, isRepeated: false)
        #expect(maintenance.runOnce())
        #expect(try database.run("select count(*) from traffic") == "8")
        #expect(try database.run("select count(*) from alarm") == "1")
        #expect(maintenance.dropped["traffic"] == 13)
    }
}
