import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("The archive's partitions", .blocking)
struct PartitionTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func maintain(ahead: Int = 7, keep: Int = 30) throws(PostgresError) {
        let connection = try Connection(responder())
        while try connection.execute(AddArchivePartition(daysAhead: ahead)).first == true {}
        while try connection.execute(DropArchivePartition(keepDays: keep)).first == true {}
        try connection.execute(DropOldCallbacks(keepDays: keep, after: .first, most: 1000))
    }

    private func responder() throws(PostgresError) -> ConnectionSettings {
        try ConnectionSettings(
            "postgresql://waybill:secret@127.0.0.1:\(database.server.port)/\(database.name)")
    }

    /// The days of the partitions as distances from today, then how many rows the default one has.
    private func days() throws -> [Int] {
        try database.run(
            """
            select to_date(substr(relname, 10), 'YYYYMMDD') - (now() at time zone 'UTC')::date
            from pg_inherits join pg_class on pg_class.oid = inhrelid
            where inhparent = 'callback'::regclass and relname ~ '[0-9]{8}$' order by 1
            """
        ).split(separator: "\n").compactMap { Int($0) }
    }

    @Test("a migration makes them from yesterday to a week ahead")
    func areThereFromTheStart() throws {
        #expect(try days() == Array(-1...7))
    }

    @Test("the responder makes more of them ahead, at most sixty days")
    func areMadeAhead() throws {
        try maintain(ahead: 10)
        #expect(try days() == Array(-1...10))
        try maintain(ahead: 10_000)
        #expect(try days() == Array(-1...60))
    }

    @Test("expired ones are dropped with their rows, the others stay")
    func areDropped() throws {
        for day in [3, 4, 30] {
            try database.run(
                """
                do $$ declare day date := (now() at time zone 'UTC')::date - \(day); begin
                    execute format('create table %I partition of callback for values from (%L) to (%L)',
                        'callback_' || to_char(day, 'YYYYMMDD'), day, day + 1);
                    execute format('alter table %I owner to waybill_owner',
                        'callback_' || to_char(day, 'YYYYMMDD'));
                    insert into callback values (gen_random_uuid(), day + interval '12 h', 1, '', '');
                end $$
                """)
        }
        try maintain(keep: 3)
        #expect(try days() == [-3] + Array(-1...7))
        #expect(try database.run("select count(*) from callback") == "1")
    }

    @Test("rows in the default partition move to the partition of their day")
    func emptyTheDefault() throws {
        try database.run(
            """
            insert into callback
            select gen_random_uuid(), now() + make_interval(days => day), 1, '/uri', 'body'
            from generate_series(8, 12) as day;
            insert into callback values (gen_random_uuid(), now() - interval '9 days', 1, '', '')
            """)
        #expect(try database.run("select count(*) from callback_default") == "6")
        try maintain(ahead: 10)
        #expect(try database.run("select count(*) from callback_default") == "3")
        #expect(try database.run("select count(*) from callback") == "6")
        try maintain(ahead: 12, keep: 3)
        #expect(try database.run("select count(*) from callback_default") == "0")
        #expect(try database.run("select count(*) from callback") == "5")
    }

    @Test(
        "the responder cannot ask for less than three days", arguments: [2, 0, -5, Int(Int32.min)])
    func hasFloor(days: Int) throws {
        let error = #expect(throws: PostgresError.self) { try maintain(keep: days) }
        #expect(error?.sqlState?.description == "22023")
    }

    @Test("a drop that does not get its lock gives up soon, and the rows are still deleted")
    func dropsWithoutWaiting() throws {
        try database.run(
            """
            create table callback_20200101 partition of callback
                for values from ('2020-01-01') to ('2020-01-02');
            alter table callback_20200101 owner to waybill_owner;
            insert into callback values (gen_random_uuid(), '2020-01-01', 1, '', '')
            """)
        let reader = try Connection(database.admin)
        try reader.execute(script: "begin; lock table only callback in access share mode")
        let error = #expect(throws: PostgresError.self) { try maintain() }
        #expect(error?.sqlState?.lostLock == true)
        #expect(try database.run("select count(*) from callback_20200101") == "0")
        try database.run("insert into callback values (gen_random_uuid(), now(), 1, '', '')")
        #expect(try database.run("select count(*) from callback") == "1")
        try reader.execute(script: "rollback")
        try maintain()
        #expect(try database.run("select to_regclass('callback_20200101') is null") == "t")
    }

    @Test("partitions are compressed as their parent and made only once by several at a time")
    func areMadeOnce() throws {
        let pool = try database.pool(4)
        let workers = (0..<4).map { _ in
            Worker {
                _ = try? pool.withConnection { connection throws(PostgresError) in
                    while try connection.execute(AddArchivePartition(daysAhead: 20)).first == true {
                    }
                }
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(try days() == Array(-1...20))
        let compression = try database.run(
            """
            select distinct attcompression from pg_attribute join pg_inherits on attrelid = inhrelid
            where attname = 'body' and inhparent = 'callback'::regclass
              and attrelid <> 'callback_default'::regclass
            """)
        #expect(compression == "l")
    }

    @Test("the responder's own maintenance works from its start and ends when stopped")
    func isMaintained() throws {
        try database.run("drop table callback_\(day("+ 7"))")
        #expect(try days() == Array(-1...6))
        let maintenance = Maintenance(try database.pool(), keepDays: 30, logger: .silent)
        let isMade = try waitUntil(within: .seconds(20)) { try days() == Array(-1...7) }
        maintenance.stop()
        #expect(isMade)
    }

    private func day(_ offset: String) throws -> String {
        try database.run("select to_char((now() at time zone 'UTC')::date \(offset), 'YYYYMMDD')")
    }
}
