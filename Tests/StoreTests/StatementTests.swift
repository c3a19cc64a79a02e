import Foundation
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The statements and the schema", .blocking)
struct StatementTests {
    @Test("every statement of a service can be prepared by its role", arguments: DatabaseRole.all)
    func prepares(role: DatabaseRole) throws {
        let user = try #require(TestDatabase.roles.first { $0.role == role }?.user)
        let connection = try Connection(TestDatabase().settings(user))
        for type in StatementList.statements(of: role) { try prepare(type, connection) }
    }

    @Test(
        "every statement of the migrations, and of other acts of their role, can be prepared by it")
    func preparesMigrations() throws {
        let connection = try Connection(TestDatabase().owner)
        for user in StatementList.ofOwner {
            for type in user.statements { try prepare(type, connection) }
        }
    }

    @Test("no statement of the sources is missing in the list, and no two share a name")
    func isComplete() throws {
        var declared: Set<String> = []
        for text in try Self.sources("Store").values {
            for match in text.matches(
                of: /struct (\w+)(?:<.*>)?: (?:\w+, )*(?:Drop|Walk)?Statement\b/)
            {
                declared.insert(String(match.1))
            }
        }
        let listed = StatementList.all.flatMap(\.statements)
        #expect(declared == Set(listed.map { "\($0)" }))
        #expect(
            Set(listed.map { "\($0.name)" }).count
                == Set(listed.map { ObjectIdentifier($0) }).count)
    }

    @Test("each statement is made where the list says, and nowhere else")
    func isTrue() throws {
        let names = Set(StatementList.all.flatMap(\.statements).map { "\($0)" })
        var made: [String: Set<String>] = [:]
        for (file, text) in try Self.sources("Store").merging(
            Self.sources("waybill"), uniquingKeysWith: { $0 + $1 })
        {
            for match in text.matches(of: /\b([A-Z]\w+)(?:\(|\.self\b)/)
            where names.contains(String(match.1)) {
                made[file, default: []].insert(String(match.1))
            }
        }
        let listed = StatementList.all.flatMap { user in user.files.map { ($0, user) } }
        let owners = Dictionary(grouping: listed, by: \.0).mapValues { $0.map(\.1) }
        for (file, statements) in made {
            let allowed = Set((owners[file] ?? []).flatMap(\.statements).map { "\($0)" })
            #expect(statements.subtracting(allowed) == [], "\(file)")
        }
        for user in StatementList.all {
            let made = user.files.reduce(into: Set<String>()) { $0.formUnion(made[$1] ?? []) }
            #expect(Set(user.statements.map { "\($0)" }).subtracting(made) == [], "\(user.files)")
        }
    }

    /// The module's files without their comments, by name.
    private static func sources(_ module: String) throws -> [String: String] {
        let folder = TestDatabase.sourceRoot + "/Sources/" + module
        var texts: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
            texts[(path as NSString).lastPathComponent, default: ""] +=
                text.replacing(/\/\/[^\n]*/, with: "")
        }
        return texts
    }

    private func prepare<S: Statement>(
        _ type: S.Type, _ connection: Connection
    ) throws(PostgresError) {
        try connection.prepare(type)
    }
}
