import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Rights after a migration", .blocking)
struct GrantChangeTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    /// The changes that a second run would make.
    private func changes(_ users: [RoleUser] = TestDatabase.roles) throws -> [String] {
        try Connection(database.owner).execute(
            SelectRightChanges(
                users: users.map(\.user), grants: users.flatMap { Array($0.grants) })
        ).rows.map(\.command)
    }

    private func holds(_ user: String, _ right: String, _ table: String) throws -> Bool {
        try database.run("select has_table_privilege('\(user)', '\(table)', '\(right)')") == "t"
    }

    @Test("a revoked right is granted again, though nothing was migrated")
    func grantsMissing() throws {
        try database.run(
            """
            revoke insert on report from waybill;
            revoke all on outbox from waybill_dispatch;
            revoke usage on schema public from waybill, waybill_dispatch;
            revoke execute on function drop_old_events from waybill;
            """)
        #expect(try changes().count == 5)
        #expect(try database.migrate() == [])
        #expect(try changes() == [])
        #expect(try holds("waybill", "insert", "report"))
        #expect(try holds("waybill_dispatch", "update", "outbox"))
    }

    @Test(
        "superfluous rights are revoked",
        arguments: [
            "grant delete on report to waybill", "grant all on api_key to waybill_dispatch",
            "grant update on callback to waybill", "grant truncate on outbox to waybill_dispatch",
            "grant select (name) on api_key to waybill_dispatch",
            "grant insert on callback_default to waybill",
            "grant usage on sequence event_number_seq to waybill",
            "grant create on schema public to waybill",
            "grant execute on function drop_old_keys to waybill_dispatch",
            "grant select on message to waybill with grant option",
            "grant execute on function retention_end to public", "grant select on tally to public",
            "create function later() returns int language sql return 1;"
                + " alter function later owner to waybill_owner",
        ])
    func revokesSurplus(sql: String) throws {
        let before = try rights()
        try database.run(sql)
        #expect(try changes() != [])
        #expect(try database.migrate() == [])
        #expect(try changes() == [])
        let after = try rights()
        #expect(after.filter { !$0.hasPrefix("later") } == before)
    }

    /// All rights in the schema but those of owners.
    private func rights() throws -> [String] {
        try database.run(
            """
            select 'schema', grantee, privilege_type, is_grantable
            from pg_namespace, aclexplode(nspacl)
            where nspname = 'public' and grantee <> nspowner
            union all
            select relname, grantee, privilege_type, is_grantable
            from pg_class, aclexplode(relacl)
            where relnamespace = 'public'::regnamespace and grantee <> relowner
            union all
            select proname, grantee, privilege_type, is_grantable
            from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
            where pronamespace = 'public'::regnamespace and grantee <> proowner
            union all
            select relname || '.' || attname, grantee, privilege_type, is_grantable
            from pg_attribute join pg_class on attrelid = pg_class.oid, aclexplode(attacl)
            where relnamespace = 'public'::regnamespace
            order by 1, 2, 3
            """
        ).split(separator: "\n").map(String.init)
    }

    @Test("a role that Waybill does not know keeps its rights")
    func leavesOthers() throws {
        let other = "\(database.name)_reader"
        try database.run("create role \(other); grant select on tally to \(other)")
        try database.migrate()
        #expect(try holds(other, "select", "tally"))
        try database.run("drop owned by \(other); drop role \(other)")
    }

    @Test("one user for both services has the rights of both, as before there were two")
    func oneUser() throws {
        let both = [RoleUser(.responder, user: "waybill"), RoleUser(.dispatcher, user: "waybill")]
        try database.migrate(granting: both)
        #expect(try changes(both) == [])
        #expect(try holds("waybill", "insert", "outbox"))
        #expect(try holds("waybill", "update", "outbox"))
        #expect(try holds("waybill", "insert", "dead_letter"))
        // With a user of its own for the dispatcher, the responder's loses them.
        try database.migrate()
        #expect(try !holds("waybill", "update", "outbox"))
        #expect(try !holds("waybill", "insert", "dead_letter"))
    }

    @Test("when one right cannot be granted, none is changed, and the reason is reported")
    func allOrNothing() throws {
        try database.run(
            "revoke insert on report from waybill; grant delete on report to waybill")
        let users = [
            RoleUser(.responder, user: "waybill"), RoleUser(.dispatcher, user: "no \"body\""),
        ]
        let error = #expect(throws: MigrationError.self) {
            try database.migrate(granting: users)
        }
        #expect(error?.code == .grant)
        #expect(error?.description.hasPrefix("granting rights to no \"body\": ") == true)
        #expect(try !holds("waybill", "insert", "report"))
        #expect(try holds("waybill", "delete", "report"))
    }

    @Test("a listed table that the schema lacks is named")
    func namesMissingTable() throws {
        try database.run("drop table outbox_count cascade")
        let error = #expect(throws: MigrationError.self) { try database.migrate() }
        #expect(error?.code == .grant)
        #expect(error?.description == "granting rights to waybill: there is no table outbox_count")
    }

    @Test("a function of a migration is never open to everybody")
    func closesFunctions() throws {
        let applied = try TestDatabase.files.get()
        let next = applied.count + 1
        let file = MigrationFile(
            version: next, name: "000\(next)_add_function.sql",
            sql: "create function later() returns int language sql return 1")
        // No user gets any right, so only the file's own transaction can have closed it.
        let bad = MigrationFile(
            version: next + 1, name: "000\(next + 1)_break_thing.sql", sql: "select 1 / 0")
        #expect(throws: MigrationError.self) {
            try Migrator(database.owner, files: applied + [file, bad])
                .migrate(granting: []) { _ in }
        }
        #expect(
            try database.run("select has_function_privilege('waybill', 'later()', 'execute')")
                == "f")
    }
}
