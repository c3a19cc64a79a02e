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

    @Test("when all connection slots are taken, that is a problem, too")
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

    @Test("a write of no rows does not hide that there is no room for rows")
    func noticesFullDisk() throws {
        let database = try TestDatabase()
        try database.run(
            """
            create function refuse() returns trigger language plpgsql as $$
            begin raise exception 'no room' using errcode = '53100'; end $$;
            create trigger refuse before insert on callback for each row execute function refuse();
            """)
        // Short, so that the writer is idle again soon.
        let harness = WriterHarness(try database.responder) { $0.commitDeadline = .seconds(1) }
        let answers = Answers()
        answers.submit(.sample([]), to: harness.writer)
        problem(harness.writer) { $0?.contains("53100") == true }
        #expect(answers.failures() == [.unavailable])
        // Idle committers probe every second meanwhile.
        #expect(!waitUntil(within: .seconds(8)) { harness.writer.writeProblem == nil })
        try database.run("drop trigger refuse on callback")
        let isStored = waitUntil(within: .seconds(20)) {
            let again = Answers()
            again.submit(.sample([]), to: harness.writer)
            return again.failures().isEmpty
        }
        #expect(isStored)
        problem(harness.writer) { $0 == nil }
        harness.stop()
    }
}
