import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("Counts are moved, recounted and dropped", .blocking, .timeLimit(.minutes(10)))
struct StatisticsFolderTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// Messages that nobody counted, as those of the version before.
    private func addUncounted(_ count: Int, hoursAgo: Int = 0) throws {
        try database.run(
            """
            insert into message (
                id, precedence, fingerprint, created_at, updated_at, provider, status, sender, price,
                currency, segments, delay, country)
            select gen_random_uuid(), 1, 1, at, at, 1 + n % 2, 4, 'sender ' || n % 3, 0.05, 'EUR', 2,
                n % 7, 'CH'
            from generate_series(1, \(count)) as n,
                lateral (values (now() - make_interval(hours => \(hoursAgo) + n % 5))) as time (at)
            """)
    }

    private func fold(until isDone: () throws -> Bool) throws {
        let folders = try (0..<2).map { _ in
            StatisticsFolder(try database.pool(1), logger: .silent)
        }
        defer { for folder in folders { folder.stop() } }
        #expect(try waitUntil(within: .seconds(60), isDone))
    }

    @Test("messages from before anybody counted are counted, and what came since is kept")
    func countsOldMessages() throws {
        try addUncounted(300, hoursAgo: 20)
        let harness = WriterHarness(try database.responder)
        let submissions = (0..<20).map { Submission.sample([.sample($0)], receivedAt: .now) }
        #expect(harness.write(submissions).isEmpty)
        try fold {
            try database.run("select count(*) from statistic_recount") == "0"
                && database.run("select count(*) from statistic_change") == "0"
        }
        try database.expectExactCounts()
        #expect(
            try database.run(
                """
                select sum(statuses[n][2]) from statistic, generate_subscripts(statuses, 1) as n
                where is_day and dimension = 0
                """)
                == "320")
    }

    @Test("what a program of the version before adds is found by the recount of the last hours")
    func countsLateMessages() throws {
        try database.run("delete from statistic_recount")
        try database.run(
            """
            insert into message (id, precedence, fingerprint, created_at, updated_at, provider, status)
            select gen_random_uuid(), 1, 1, now(), now(), 1, 4 from generate_series(1, 50)
            """)
        #expect(try database.recount() != "")
        try fold { try database.recount() == "" }
    }

    @Test("a recount corrects what is wrong in its hour and day, and only says so if told")
    func corrects() throws {
        try addUncounted(40)
        try database.run("select recount_next_hour() from generate_series(1, 7)")
        try database.expectExactCounts()
        try database.run(
            """
            update statistic set statuses = sum_pairs(statuses || array[[4::bigint, 3]]), price = price - 1,
                delays = array[[1::bigint, 2]]
            where dimension = 3 and statuses[1][1] = 4
            """)
        let hours = "select distinct since from statistic where not is_day"
        let wrong = try database.run(
            "select bool_and(recount_statistics(since, false) = 1) from (\(hours)) as hour")
        #expect(wrong == "t")
        #expect(try database.recount() != "")
        try database.run("select recount_statistics(since, true) from (\(hours)) as hour")
        // The days were made wrong once, and are corrected by what was wrong in each hour.
        #expect(
            try database.run(
                "select bool_and(recount_statistics(since, false) = 0) from (\(hours)) as hour")
                == "t")
    }

    @Test("two processes never move the same counts twice")
    func movesOnce() throws {
        try database.run("delete from statistic_recount")
        let harness = WriterHarness(try database.responder) { $0.batchReports = 5 }
        let answers = Answers()
        for number in 0..<300 {
            answers.submit(.sample([.sample(number)], receivedAt: .now), to: harness.writer)
        }
        #expect(answers.failures().isEmpty)
        harness.stop()
        try fold { try database.run("select count(*) from statistic_change") == "0" }
        try database.expectExactCounts()
    }

    @Test("hours are dropped after 400 days, days are kept")
    func dropsHours() throws {
        try database.run(
            """
            insert into statistic (
                is_day, since, dimension, value, country, currency, segments, price, statuses, delays)
            select is_day, now() - make_interval(days => age), 0, '', '', 'EUR', 1, 1, '{{4,1}}', '{}'
            from unnest(array[true, false]) as is_day, unnest(array[399, 401]) as age
            """)
        let maintenance = Maintenance(try database.pool(1), keepDays: 30, logger: .silent)
        defer { maintenance.stop() }
        #expect(
            try waitUntil(within: .seconds(60)) {
                try database.run("select count(*) from statistic where not is_day") == "1"
            })
        #expect(try database.run("select count(*) from statistic where is_day") == "2")
    }

    @Test("hours at the edges of a period of days, days between, and what waits add up")
    func readsPeriods() throws {
        let harness = WriterHarness(try database.responder)
        let day: Int64 = 86_400
        // One message an hour for five days; noon is the 12th hour.
        let submissions = (0..<120).map { hour in
            Submission.sample(
                [.sample(hour, price: .init(amount: "0.01", currency: "EUR"))],
                receivedAt: .noon(plus: Int64(hour - 12) * 3600 + 5))
        }
        #expect(harness.write(submissions).isEmpty)
        let store = StatisticsStore(try database.pool(), logger: .silent)
        for isFolded in [false, true] {
            if isFolded { try database.fold() }
            for bucket in StatisticsBucket.allCases {
                let statistics = try store.statistics(
                    StatisticsQuery(
                        from: .noon(plus: 3600), to: .noon(plus: 3 * day + 7200), bucket: bucket,
                        by: .provider, mostGroups: 5))
                #expect(statistics.totals.messages == 73)
                #expect(statistics.totals.price(in: "EUR")?.description == "0.73")
                #expect(
                    statistics.pieces.map(\.totals.messages)
                        == (bucket == .day
                            ? [11, 24, 24, 14] : Array(repeating: 1, count: 73)))
                #expect(statistics.groups.map(\.name) == [.provider(.infobip)])
            }
        }
    }

    @Test("errors are counted by the provider's words, with the countries that they hit")
    func countsErrors() throws {
        let harness = WriterHarness(try database.responder)
        func report(_ number: Int, _ status: Status, error: String?, to: String) -> Report {
            Report(
                message: .test(number), provider: .infobip, providerMessageID: "m\(number)",
                status: status, outcome: Outcome(provider: .infobip, errorCode: error),
                recipient: to, doneAt: .noon())
        }
        let reports =
            (0..<3).map { report($0, .undeliverable, error: "27", to: "+41793026727") }
            + (3..<5).map { report($0, .undeliverable, error: "27", to: "+4915112345678") }
            + [report(5, .rejected, error: "12", to: "+41793026727")]
            + [report(6, .delivered, error: nil, to: "+41793026727")]
        #expect(harness.write([.sample(reports)]).isEmpty)
        let store = StatisticsStore(try database.pool(), logger: .silent)
        func errors(
            provider: Provider? = nil, country: Country? = nil,
            statuses: Set<Status> = ErrorQuery.failures, limit: Int = 10
        ) throws -> [ErrorCount] {
            try store.errors(
                ErrorQuery(
                    from: .noon(), to: .noon(plus: 60), provider: provider, country: country,
                    statuses: statuses, limit: limit))
        }
        let all = try errors()
        #expect(all.map(\.outcome?.errorCode) == ["27", "12"])
        #expect(all.map(\.messages) == [5, 1])
        #expect(all[0].countries.map(\.country) == ["CH", "DE"])
        #expect(all[0].countries.map(\.messages) == [3, 2])
        #expect(try errors(country: Country("DE")).map(\.messages) == [2])
        #expect(try errors(statuses: [.rejected]).map(\.outcome?.errorCode) == ["12"])
        #expect(try errors(provider: .plivo).isEmpty)
        #expect(try errors(limit: 1).count == 1)
    }
}
