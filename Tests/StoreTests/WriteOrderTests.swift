import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The order in which a batch takes its locks", .blocking)
struct WriteOrderTests {
    @Test("reports come before their counts, whether they are assumed to be new or not")
    func reportsComeFirst() throws {
        let database = try TestDatabase()
        let rows = WriteBatch([.sample([.sample(1)])])
        let slow = try Connection(database.responder)
        try slow.execute(script: "begin")
        try slow.execute(RecordReports(reports: rows.reports, shard: 1))

        let other = try Connection(database.responder)
        let waiting = Worker {
            // The assumption is wrong, which shows once the first writer has committed.
            let error = #expect(throws: PostgresError.self) {
                let pending = try other.send(
                    RecordNewReports(reports: rows.reports),
                    TallyReports(counts: rows.counts, shard: 2))
                _ = try pending.receive()
            }
            #expect(error?.constraint == "report_pkey")
        }
        let isWaiting = try waitUntil(within: .seconds(20)) {
            try database.run(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and wait_event = 'transactionid'
                """) == "1"
        }
        #expect(isWaiting)
        // This would be a deadlock if the other one held its count already.
        try slow.execute(
            script: """
                insert into tally (hour, outcome_id, status, provider, shard, reports)
                select hour, outcome_id, status, provider, 2, 1 from tally
                on conflict (hour, provider, status, outcome_id, shard) do update set reports = 2;
                commit
                """)
        #expect(waiting.join())
    }
}
