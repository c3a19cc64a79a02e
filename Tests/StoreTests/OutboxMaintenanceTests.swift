import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("What sending leaves behind", .blocking)
struct OutboxMaintenanceTests {
    private func maintain(_ database: TestDatabase, keepDays: Int = 30) throws {
        let connection = try Connection(database.responder)
        try connection.execute(MaintainOutbox(keepDays: keepDays))
    }

    @Test("what is past its time goes, but for the text and the story of what still waits")
    func drops() throws {
        let sending = try SendingHarness()
        let old = Timestamp.now.advanced(by: .seconds(-31 * 86_400))
        let recent = Timestamp.now.advanced(by: .seconds(-29 * 86_400))
        var ids: [MessageID] = []
        for time in [old, recent] {
            let far = Timestamp.now.advanced(by: .seconds(600))
            let refused = try sending.accept(.sample(at: time, giveUpAt: far))[0]
            let lease = try sending.lease().leases[0].id
            try sending.outbox.record([.refused(refused, lease)], counts: [:])
            let waiting = try sending.accept(.sample(at: time, giveUpAt: far))[0]
            let second = try sending.lease().leases[0].id
            try sending.outbox.record([.accepted(waiting, second)], counts: [:])
            ids += [refused, waiting]
        }
        try sending.database.run(
            "update dead_letter set at = '\(old)' where message_id = '\(ids[0])'")
        try maintain(sending.database)
        let counts = try ids.map { try sending.messages.events(of: $0, limit: 9).count }
        #expect(counts == [0, 1, 1, 1])
        #expect(
            try ids.map { try sending.messages.message($0)?.sending == nil } == [
                true, false, false, false,
            ])
        #expect(try sending.database.run("select message_id from dead_letter") == "\(ids[2])")
        #expect(try sending.database.run("select count(*) from message") == "4")
    }

    @Test("keys go after a day")
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

    @Test("nothing is dropped on the responder's word within three days")
    func hasFloor() throws {
        let error = #expect(throws: PostgresError.self) {
            try maintain(TestDatabase(), keepDays: 2)
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
        try connection.execute(MaintainOutbox(keepDays: 3))
        try connection.execute(
            script: "do $$ begin assert (select count(*) from pg_temp.dead_letter) = 1; end $$")
    }
}
