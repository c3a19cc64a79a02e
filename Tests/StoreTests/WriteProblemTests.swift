import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Whether the writer can write", .blocking)
struct WriteProblemTests {
    private func problem(
        _ writer: ReportWriter, is expected: @escaping (String?) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let isThere = waitUntil(within: .seconds(20)) { expected(writer.writeProblem) }
        #expect(isThere, "\(writer.writeProblem ?? "none")", sourceLocation: sourceLocation)
    }

    @Test("an idle writer notices a server that only reads, and that it writes again")
    func noticesReadOnly() throws {
        let server = try PostgresServer.dedicated()
        let database = try TestDatabase(on: server)
        let harness = WriterHarness(try database.responder)
        harness.connect()
        #expect(harness.writer.writeProblem == nil)
        try server.run("alter system set default_transaction_read_only = on")
        try server.run("select pg_reload_conf()")
        problem(harness.writer) { $0?.contains("readOnly") == true }
        #expect(!harness.writer.isStuck())
        try server.run("alter system reset default_transaction_read_only")
        try server.run("select pg_reload_conf()")
        problem(harness.writer) { $0 == nil }
        harness.stop()
    }

    @Test("all connection slots taken is a problem, not a reason to say nothing")
    func noticesFullServer() throws {
        let server = try PostgresServer.dedicated(settings: ["max_connections": "10"])
        let database = try TestDatabase(on: server)
        try server.run("alter role waybill connection limit 0")
        let harness = WriterHarness(try database.responder)
        problem(harness.writer) { $0?.contains("53300") == true }
        try server.run("alter role waybill connection limit -1")
        problem(harness.writer) { $0 == nil }
        harness.stop()
    }
}
