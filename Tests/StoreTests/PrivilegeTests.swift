import Postgres
import Testing

import TestSupport
@testable import Store

@Suite("What the services' roles may not do", .blocking)
struct PrivilegeTests {
    @Test(
        "neither may change the schema, the ledger or the list of migrations",
        arguments: TestDatabase.roles.map(\.user),
        [
            "create table mine (id int)", "create schema mine",
            "create function mine() returns int language sql as 'select 1'",
            "drop table report", "drop table callback_default",
            "drop function add_archive_partition",
            "alter table message add column mine int", "truncate report", "truncate callback",
            "delete from report", "delete from message", "delete from callback",
            "delete from callback_default", "delete from outcome", "delete from tally",
            "delete from api_key", "delete from api_key_secret",
            "update audit set action = ''", "delete from audit", "truncate audit",
            "update report set status = 4", "update callback set body = ''",
            "update outcome set status_name = ''", "update quarantine set reason = ''",
            "insert into schema_migration values (99, 'x', 1)",
            "update schema_migration set checksum = 0", "delete from schema_migration",
            "insert into callback_default select * from callback",
            "set role waybill_owner",
            "copy report to program 'true'", "create index on report (status)",
            "alter function add_archive_partition reset search_path",
            "drop function drop_old_events", "drop table outbox", "truncate outbox",
            "delete from send_request", "update send_request set body = ''", "delete from event",
            "update event set status = 4", "update dead_letter set reason = ''",
            "delete from idempotency_key",
            "insert into provider_state (provider) values (3)", "delete from provider_state",
            "insert into outbox_count values (1, 1, 1)", "update outbox_count set messages = 0",
            "delete from outbox_count", "drop trigger count_inserted on outbox",
            "insert into quarantine_floor values ('', 1000000)", "drop function cut_quarantine",
            "select count_outbox()", "select retention_end(3)",
            "delete from status_change", "update status_change set block = 0",
            "select setval('status_change_block', 1)", "drop function take_change_block",
        ])
    func isRefused(user: String, sql: String) throws {
        try expectRefusal(of: sql, user)
    }

    @Test(
        "the responder may not do the dispatcher's work",
        arguments: [
            "update outbox set state = 1", "select message_id from outbox for update",
            "insert into dead_letter select * from dead_letter",
            "update provider_state set stopped_at = now()",
        ])
    func isDispatchersOnly(sql: String) throws {
        try expectRefusal(of: sql, "waybill")
    }

    @Test(
        "the dispatcher may neither see a key nor make a message, and keeps no house",
        arguments: [
            "select * from api_key", "insert into api_key select * from api_key",
            "update api_key set revoked_at = null", "select * from idempotency_key",
            "insert into send_request select * from send_request",
            "insert into outbox select * from outbox", "select drop_old_keys(1)",
            "select drop_old_events(3, gen_random_uuid(), 1)", "select add_archive_partition(1)",
            "select drop_archive_partition(3)", "select measure_quarantine()",
            "select * from outbox_count", "select * from callback", "delete from dead_letter",
            "select * from quarantine", "delete from quarantine",
        ])
    func isRespondersOnly(sql: String) throws {
        try expectRefusal(of: sql, "waybill_dispatch")
    }

    /// Of those that nobody changes.
    private static let database = Result { try TestDatabase() }

    private func expectRefusal(of sql: String, _ user: String) throws {
        let connection = try Connection(Self.database.get().settings(user))
        let error = #expect(throws: PostgresError.self) { try connection.execute(script: sql) }
        #expect(error?.code == .permission, "\(sql): \(error?.debugDescription ?? "")")
    }

    @Test("a temporary table and its trigger do not get the owner's rights")
    func resistsTemporaryTables() throws {
        let database = try TestDatabase()
        let connection = try Connection(database.responder)
        try connection.execute(
            script: """
                create function pg_temp.rob() returns trigger language plpgsql as
                    $$ begin execute 'grant waybill_owner to waybill'; delete from report;
                       return null; end $$;
                create temporary table quarantine (id bigint, received_at timestamptz);
                insert into quarantine values (1, '2000-01-01');
                create trigger rob before delete on quarantine
                    for each row execute function pg_temp.rob();
                create temporary table callback_default (received_at timestamptz);
                insert into callback_default values ('2000-01-01');
                create trigger rob before delete on callback_default
                    for each row execute function pg_temp.rob();
                """)
        try connection.execute(AddArchivePartition(daysAhead: 9))
        try connection.execute(MeasureQuarantine())
        for drop: any WalkStatement.Type in [DropOldQuarantine.self, CutQuarantine.self] {
            try run(drop, connection)
        }
        try run(DropOldCallbacks.self, connection)
        try connection.execute(
            script: "do $$ begin assert (select count(*) from pg_temp.quarantine) = 1; end $$")
    }

    private func run(_ drop: (some WalkStatement).Type, _ connection: Connection) throws {
        try connection.execute(drop.init(keepDays: 3, after: .first, most: 10))
    }

    @Test("nobody else gets any right on the tables and functions")
    func othersHaveNone() throws {
        let database = try TestDatabase()
        let granted = try database.run(
            """
            select relname from pg_class, aclexplode(relacl)
            where relnamespace = 'public'::regnamespace and grantee = 0
            union select proname from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
            where pronamespace = 'public'::regnamespace and grantee = 0
            """)
        #expect(granted == "")
    }

    @Test("a table that the owner adds is closed to it")
    func closedByDefault() throws {
        let database = try TestDatabase()
        let owner = try Connection(database.owner)
        try owner.execute(script: "create table later (id int)")
        let connection = try Connection(database.responder)
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(script: "select * from later")
        }
        #expect(error?.code == .permission)
    }
}
