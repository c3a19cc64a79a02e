import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The rights that each role has", .blocking)
struct GrantTests {
    @Test("are enough for every statement of the role", arguments: TestDatabase.roles)
    func nothingIsMissing(role: RoleUser) throws {
        let explained = try ExplainedStatements(
            StatementList.statements(of: role.role), on: TestDatabase().settings(role.user))
        #expect(explained.count > 0)
        #expect(try explained.refused() == nil)
    }

    @Test("are each needed by a statement of the role", arguments: TestDatabase.roles)
    func nothingIsTooMuch(role: RoleUser) throws {
        let database = try TestDatabase()
        // The schema is open to everybody on a new server.
        try database.run("revoke all on schema public from public")
        let explained = try ExplainedStatements(
            StatementList.statements(of: role.role), on: database.admin)
        #expect(try explained.refused(as: role.user, without: nil) == nil)
        for grant in role.grants {
            #expect(
                try explained.refused(as: role.user, without: grant) != nil,
                "no statement of the \(role.role.name) needs \(grant.privilege) on \(grant.object)")
        }
    }

    @Test("are those of the list and no others", arguments: TestDatabase.roles)
    func areListed(role: RoleUser) throws {
        let database = try TestDatabase()
        let changes = try Connection(database.owner).execute(
            SelectRightChanges(users: [role.user], grants: Array(role.grants)))
        #expect(changes.rows.map(\.command) == [])
    }

    @Test("are different roles' own: neither can do the other's work")
    func differ() {
        let tables = [DatabaseRole.responder.tables, DatabaseRole.dispatcher.tables]
        #expect(tables[0]["api_key"] != nil && tables[1]["api_key"] == nil)
        #expect(tables[1]["dead_letter"]?.contains(.delete) == false)
        #expect(tables[0]["dead_letter"]?.contains(.insert) == false)
        #expect(tables[0]["outbox"]?.contains(.update) == false)
        #expect(tables[1]["outbox"]?.contains(.insert) == false)
    }
}

/// Prepared statements, which the server can explain without running them.
/// anything is done.
private struct ExplainedStatements {
    private let connection: Connection
    private let commands: [String]

    var count: Int { commands.count }

    init(_ statements: [any Statement.Type], on settings: ConnectionSettings) throws {
        connection = try Connection(settings)
        // Without values, no part of a plan, and no right for it, can be left out.
        try connection.execute(script: "set plan_cache_mode = force_generic_plan")
        for statement in statements { try Self.prepare(statement, connection) }
        commands = try connection.execute(SelectExplanations()).rows
        #expect(commands.count == Set(statements.map { "\($0.name)" }).count)
    }

    private static func prepare<S: Statement>(
        _ type: S.Type, _ connection: Connection
    ) throws(PostgresError) {
        try connection.prepare(type)
    }

    /// The first refusal, as the user of the connection.
    func refused() throws(PostgresError) -> String? {
        for command in commands {
            do throws(PostgresError) {
                try connection.execute(script: command)
            } catch {
                return "\(command): \(error.debugDescription)"
            }
        }
        return nil
    }

    /// The first refusal, as another user who has lost one of its rights for a moment.
    func refused(as user: String, without grant: Grant?) throws(PostgresError) -> String? {
        var refusal: String?
        do throws(PostgresError) {
            try connection.transaction { () throws(PostgresError) in
                if let grant { try connection.execute(script: grant.revocation) }
                try connection.execute(script: "set local role \(user)")
                refusal = try refused()
                throw PostgresError.undecodable("only looked at")
            }
        } catch {
            guard error.code == .decode else { throw error }
        }
        return refusal
    }
}

/// The command that explains each prepared statement, all of its parameters null.
private struct SelectExplanations: Statement {
    static let name: StaticString = "select_explanations"
    static let sql: StaticString = """
        select 'explain execute ' || name || case when cardinality(parameter_types) > 0
            then '(' || rtrim(repeat('null, ', cardinality(parameter_types)), ', ') || ')'
            else '' end
        from pg_prepared_statements
        where name <> 'select_explanations'
        order by name
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}

extension Grant {
    fileprivate var revocation: String {
        switch kind {
        case .schema: "revoke \(privilege) on schema public from \(user)"
        case .table: "revoke \(privilege) on table \(object) from \(user)"
        case .function: "revoke \(privilege) on routine \(object) from \(user)"
        }
    }
}

extension RoleUser: CustomTestStringConvertible {
    /// The role's name alone.
    public var testDescription: String { role.name }
}

extension DatabaseRole: CustomTestStringConvertible {
    /// Its name alone.
    public var testDescription: String { name }
}
