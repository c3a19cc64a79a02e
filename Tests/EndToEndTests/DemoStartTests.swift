import Foundation
import TestSupport
import Testing

@Suite("The demo's start and its cluster", .timeLimit(.minutes(10)))
struct DemoStartTests {
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("A signal during the start stops it at once, and the next run works")
    func interrupted() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        let port = try FreePort.next()
        // During initdb, and while PostgreSQL or what follows it starts.
        for file in ["data.new/PG_VERSION", "data/postmaster.pid"] {
            let demo = try RunningDemo.start(directory: directory, port: port)
            #expect(
                waitUntil(within: .seconds(30)) { exists("\(directory)/postgres/\(file)") })
            demo.send(signal: SIGTERM)
            #expect(try demo.waitForExit() == .status(128 + SIGTERM))
            #expect(demo.errors.split(separator: "\n").count == 1)
            #expect(LifeCycleTests.processes(of: directory) == [])
        }
        let demo = try RunningDemo(directory: directory, port: port)
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        #expect(try demo.stop() == .status(0))
    }

    @Test("A demo killed during initdb leaves nothing that the next one cannot handle")
    func killedInitdb() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        let port = try FreePort.next()
        let killed = try RunningDemo.start(directory: directory, port: port)
        let processes = directory + "/processes.json"
        #expect(
            waitUntil(within: .seconds(30)) {
                exists(directory + "/postgres/data.new/PG_VERSION") && exists(processes)
            })
        killed.send(signal: SIGKILL)
        try killed.waitForExit()
        let noted = try String(contentsOfFile: processes, encoding: .utf8)
        #expect(noted.contains(#""name":"initdb""#))
        let demo = try RunningDemo(directory: directory, port: port)
        #expect(!exists(directory + "/postgres/data.new"))
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        #expect(try demo.stop() == .status(0))
        #expect(LifeCycleTests.processes(of: directory) == [])
    }

    @Test("pg_ctl gets the same server, demo.json follows it, and the demo stops it")
    func pgCtl() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        let port = try FreePort.next()
        let demo = try RunningDemo(directory: directory, port: port)
        for commands in [["restart"], ["stop", "start"]] {
            let old = try demo.currentDocument.pids.postgres
            for command in commands { try pgCtl(command, directory) }
            try expectFollowed(demo, from: old)
        }
        #expect(try demo.stop() == .status(0))
        #expect(LifeCycleTests.processes(of: directory) == [])

        // The next run finds the user's own server on its cluster, after a kill -9 and without one.
        let second = try RunningDemo(directory: directory, port: port)
        try pgCtl("restart", directory)
        second.process.send(signal: SIGKILL)
        try second.process.waitForExit()
        let third = try RunningDemo(directory: directory, port: port)
        #expect(try third.stop() == .status(0))
        #expect(LifeCycleTests.processes(of: directory) == [])
    }

    @Test("A first start sends messages of each kind, and a later one sends no more")
    func samples() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        let port = try FreePort.next()
        func statuses(_ demo: RunningDemo) throws -> [String: Int] {
            let list = try JSON(demo.api("/v1/messages?limit=200"))["messages"].array
            return Dictionary(grouping: list) { $0["status"].string ?? "" }.mapValues(\.count)
        }
        let first = try RunningDemo(directory: directory, port: port, isEmpty: false)
        let fates = [
            "delivered", "undeliverable", "expired", "rejected", "partially_delivered", "sent",
            "queued", "cancelled",
        ]
        #expect(
            waitUntil(within: .seconds(60)) {
                guard let found = try? statuses(first) else { return false }
                return fates.allSatisfy { found[$0] != nil } && found["queued"] == 2
            }, "\((try? statuses(first)) ?? [:])")
        let count = try first.count("select count(*) from message")
        #expect(try first.count("select count(distinct provider) from message") == 2)
        // Each by itself, so that no message waits for another one's failure.
        #expect(
            try first.count("select count(*) from provider_state where stopped_at is not null") == 0
        )
        #expect(first.process.output.contains("sending \(count) messages"))
        #expect(try first.stop() == .status(0))

        let second = try RunningDemo(directory: directory, port: port, isEmpty: false)
        #expect(try second.count("select count(*) from message") == count)
        #expect(!second.process.output.contains("--empty"))
        #expect(try second.stop() == .status(0))
    }

    private func expectFollowed(_ demo: RunningDemo, from old: pid_t) throws {
        let file = demo.directory + "/postgres/data/postmaster.pid"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let new = try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
        #expect(new != old)
        #expect(
            waitUntil(within: .seconds(10)) {
                (try? demo.currentDocument.pids.postgres) == new
            })
        #expect(
            waitUntil(within: .seconds(20)) {
                (try? demo.infobip(InfobipBody.of(uniqueName())).status) == 200
            })
        #expect(try demo.count("select 1") == 1)
    }

    private func pgCtl(_ command: String, _ directory: String) throws {
        let versions = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        let newest = try #require(versions.compactMap(Int.init).max())
        let process = try ChildProcess(
            "/usr/lib/postgresql/\(newest)/bin/pg_ctl",
            [command, "-w", "-D", directory + "/postgres/data", "-l", "/dev/null"],
            environment: WaybillProgram.bareEnvironment, user: "postgres")
        #expect(try process.waitForExit(within: .seconds(60)) == .status(0), "\(process.errors)")
    }

    @Test(
        "The responder's role reaches no other database and leaves nothing beside its tables",
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
