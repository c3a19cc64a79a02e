import Foundation
import TestSupport
import Testing

@Suite("The demo's start and its cluster", .timeLimit(.minutes(10)))
struct DemoStartTests {
    @Test(
        "The responder's role gets into no other database and leaves nothing beside its tables",
        arguments: [
            ("postgres", "select 1"), ("template1", "select 1"),
            ("waybill", "create temporary table t (id int)"), ("waybill", "select lo_create(0)"),
            ("waybill", "select lo_creat(-1)"), ("waybill", "select lo_from_bytea(0, 'x')"),
            ("waybill", "select lo_put(1, 0, 'x')"), ("waybill", "select lowrite(0, 'x')"),
            ("waybill", "select lo_import('/etc/hostname')"), ("waybill", "create table t ()"),
        ])
    func rights(database: String, statement: String) throws {
        let url = try RunningDemo.shared.document.database_url
        let psql = try ChildProcess(
            "psql",
            [
                "-XqAt", "-v", "VERBOSITY=sqlstate", "-c", statement, "-d",
                url.replacing(/\/waybill$/, with: "/\(database)"),
            ], environment: WaybillProgram.bareEnvironment.merging(["LC_ALL": "C"]) { $1 })
        #expect(try psql.waitForExit() != .status(0))
        #expect(psql.errors.contains("42501") || psql.errors.contains("permission denied"))
    }
}
