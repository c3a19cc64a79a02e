import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The quarantine's bounds", .blocking)
struct QuarantineTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func fill(_ reason: String, _ count: Int, excerpt: String = "''") throws {
        try database.run(
            """
            insert into quarantine (received_at, callback_id, provider, reason, place, detail, excerpt)
            select now(), gen_random_uuid(), 1, '\(reason)', '', '', \(excerpt)
            from generate_series(1, \(count)) as n
            """)
    }

    private func cut() throws {
        let connection = try Connection(database.responder)
        try connection.execute(MeasureQuarantine())
        while true {
            let portion = try connection.execute(
                CutQuarantine(keepDays: 3, after: .first, most: 10_000)
            ).first
            if portion?.seen != 10_000 { return }
        }
    }

    private func counts() throws -> String {
        try database.run("select reason, count(*) from quarantine group by 1 order by 1")
    }

    @Test("expired rows are deleted, in portions")
    func dropsOld() throws {
        try fill("old", 25)
        try database.run("update quarantine set received_at = now() - interval '40 days'")
        try fill("young", 5)
        let connection = try Connection(database.responder)
        let seen = try (0..<4).map { _ in
            try connection.execute(
                DropOldQuarantine(keepDays: 30, after: .first, most: 10)
            ).first?.seen
        }
        #expect(seen == [10, 10, 5, 0])
        #expect(try counts() == "young|5")
    }

    @Test("a flood removes its own oldest rows, not the few of another reason before it")
    func keepsRare() throws {
        try fill("rare", 20)
        try fill("flood", 80_000)
        try fill("second flood", 70_000)
        try cut()
        #expect(try counts() == "flood|49990\nrare|20\nsecond flood|49990")
        #expect(
            try database.run("select min(id), max(id) from quarantine where reason = 'flood'")
                == "30031|80020")
        // Within its bounds nothing is deleted.
        try cut()
        #expect(try database.run("select count(*) from quarantine") == "100000")
    }

    @Test("it is bounded by bytes as well")
    func boundsBytes() throws {
        try fill("rare", 3, excerpt: "convert_to(repeat('r', 65536), 'UTF8')")
        try fill("flood", 5000, excerpt: "convert_to(repeat('f', 65536), 'UTF8')")
        try cut()
        #expect(try counts().hasSuffix("\nrare|3"))
        let bytes = try database.run(
            "select sum(octet_length(excerpt) + 100) between 260000000 and 268435456 from quarantine"
        )
        #expect(bytes == "t")
    }

    @Test("a flood through the writer stays within its budget, and a rare reason gets through")
    func boundsFlood() throws {
        let harness = WriterHarness(try database.responder)
        let flood = (0..<300).map { number in
            Submission.sample(
                [], rejects: (0..<50).map { .sample(place: "results[\($0)] of \(number)") })
        }
        let rare = Reject(reason: "rare", place: "", detail: "", excerpt: [])
        #expect(harness.write(flood + [.sample([], rejects: [rare])]).isEmpty)
        #expect(try counts() == "bad_time|1000\nrare|1")
        #expect(harness.metric("waybill_quarantine_left_out_total") == 14_000)
        #expect(try database.run("select count(*) from callback") == "301")
    }

    @Test("it is cut as it grows, not by the clock")
    func followsGrowth() throws {
        try fill("rare", 1)
        try fill("flood", 99_999)
        let harness = WriterHarness(try database.responder)
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 30, quarantine: harness.writer.quarantine,
            logger: .silent)
        defer { maintenance.stop() }
        // The first run checks the bounds before the keys, and there is nothing to cut.
        try database.run(
            """
            insert into idempotency_key (principal_id, key, created_at, digest, status, answer)
            values ('00000000-0000-7000-8000-000000000000'::uuid, '', now() - interval '2 days', '', 202, '')
            """)
        #expect(
            try waitUntil(within: .seconds(60)) {
                try database.run("select count(*) from idempotency_key") == "0"
            })
        let submissions = (0..<30).flatMap { number in
            ["one", "two", "three"].map { reason in
                let reject = Reject(reason: reason, place: "", detail: "", excerpt: [])
                return Submission.sample([], rejects: Array(repeating: reject, count: 100))
            }
        }
        #expect(harness.write(submissions).isEmpty)
        // 103,000 without a cut; what is less than the growth that asks for one may stay.
        #expect(
            try waitUntil(within: .seconds(60)) {
                try database.run("select count(*) < 102000 from quarantine") == "t"
            })
        let others = try database.run(
            "select reason, count(*) from quarantine where reason <> 'flood' group by 1 order by 1")
        #expect(others == "one|1000\nrare|1\nthree|1000\ntwo|1000")
    }
}
