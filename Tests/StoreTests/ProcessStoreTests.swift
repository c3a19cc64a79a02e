import Domain
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite("The table of processes", .blocking)
struct ProcessStoreTests {
    private func process(_ kind: ServiceProcess.Kind, startedAt: Int64) -> ServiceProcess {
        let time = Timestamp(microseconds: 1_795_000_000_000_000 + startedAt * 1_000_000)
        return ServiceProcess(
            id: .new(at: time), kind: kind, host: "sms-1", pid: 42, version: "1.2.3",
            startedAt: time)
    }

    private func store(_ database: TestDatabase) throws -> ProcessStore {
        ProcessStore(try database.pool(), logger: Logger(descriptor: -1))
    }

    @Test("Processes are seen as they last told of themselves, until they end")
    func life() throws {
        let store = try store(TestDatabase())
        let responder = process(.responder, startedAt: 0)
        let dispatcher = process(.dispatcher, startedAt: -5)
        for memory in [Int64(30), 31] {
            try store.tell(
                responder,
                .init(memoryBytes: memory, figures: [.init("live_streams", Int(memory))]))
        }
        try store.tell(dispatcher, .init(memoryBytes: nil, figures: []))
        let seen = try store.processes()
        #expect(seen.map(\.process) == [responder, dispatcher])
        #expect(seen.map(\.memoryBytes) == [31, nil])
        #expect(seen.map(\.figures) == [#"{"live_streams": 31}"#, "{}"])
        #expect(seen.allSatisfy { $0.silence < .seconds(10) })

        try store.remove(responder)
        try store.remove(responder)
        #expect(try store.processes().map(\.process) == [dispatcher])
    }

    @Test("A silent process is seen for an hour, and then dropped by another one's beat")
    func silence() throws {
        let database = try TestDatabase()
        let store = try store(database)
        let silent = process(.dispatcher, startedAt: 0)
        try store.tell(silent, .init(memoryBytes: nil, figures: []))
        try database.run("update process set seen_at = now() - interval '59 minutes'")
        let seen = try #require(try store.processes().first)
        #expect(seen.silence >= .seconds(3540) && seen.silence < .seconds(3600))
        try database.run("update process set seen_at = now() - interval '61 minutes'")
        #expect(try store.processes().isEmpty)

        let living = process(.dispatcher, startedAt: 1)
        try store.tell(living, .init(memoryBytes: nil, figures: []))
        #expect(try database.run("select count(*) from process") == "1")
        // One that was only suspended tells of itself again.
        try database.run("update process set seen_at = now() - interval '61 minutes'")
        try store.tell(living, .init(memoryBytes: nil, figures: []))
        #expect(try store.processes().map(\.process) == [living])
    }
}
