import Foundation
import TestSupport
import Testing

@Suite("Restarts", .timeLimit(.minutes(2)))
struct RestartTests {
    @Test("A drain answers all that is in flight, and a restart behind open sockets loses nothing")
    func restart() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        try drain(demo)
        try handOver(demo)
        expectCleanLog(demo.responderLog, hiding: demo.document)
    }

    /// SIGTERM while twenty callbacks wait for their commit.
    private func drain(_ demo: RunningDemo) throws {
        let responder = try demo.currentDocument.pids.responder
        // A lock keeps the commits back until it is taken away.
        let lock = try ChildProcess(
            "psql",
            [
                "-XqAt", "-d", demo.document.admin_database_url, "-c",
                "begin; lock table report in access exclusive mode; select pg_sleep(60)",
            ], environment: WaybillProgram.bareEnvironment)
        defer { lock.send(signal: SIGKILL) }
        let held =
            "select count(*) from pg_locks where relation = 'report'::regclass and granted"
            + " and mode = 'AccessExclusiveLock'"
        try #require(try waitUntil(within: .seconds(10)) { try demo.count(held) == 1 })
        let prefix = uniqueName("drain")
        let answers = SteadyLoad.Outcomes()
        let group = Crew.start(20) { index in
            let answer = try? demo.infobip(InfobipBody.of("\(prefix)-\(index)"))
            answers.append(
                SteadyLoad.Outcome(
                    name: "\(prefix)-\(index)", status: answer?.status, retryAfter: nil,
                    text: answer?.text ?? ""))
        }
        let gauge = #"waybill_requests_in_flight{socket="callbacks"}"#
        try #require(
            try waitUntil(within: .seconds(3)) {
                try PrometheusText(demo.api("/metrics", key: .some(nil))).samples[gauge] == 20
            })
        kill(responder, SIGTERM)
        try #require(
            waitUntil(within: .seconds(3)) { demo.responderLog.contains(#""message":"stopping""#) })
        try demo.sql(
            "select pg_terminate_backend(pid) from pg_locks where relation = 'report'::regclass"
                + " and granted and mode = 'AccessExclusiveLock'")
        #expect(group.wait(timeout: .now() + 20) == .success)
        #expect(answers.all.map(\.status) == Array(repeating: 200, count: 20))
        #expect(
            try demo.count(
                "select count(*) from message where provider_message_id like '\(prefix)-%'") == 20)
        try #require(
            waitUntil(within: .seconds(20)) { demo.responderLog.contains(#""message":"stopped""#) })
        let last = try #require(demo.responderLog.split(separator: "\n").last)
        let line = try JSON(line: last)
        #expect(line["unanswered_requests"].int == 0)
        #expect(line["flushed"].bool == true)
        #expect(waitUntil(within: .seconds(10)) { kill(responder, 0) != 0 })
        // A clean end is somebody's wish: nobody starts it again.
        #expect(!demo.process.output.contains("responder ended"))
        expectProblem(try demo.infobip(InfobipBody.of(uniqueName())), 502, "upstream_unavailable")
    }

    /// One responder follows another on the same sockets, under a steady load.
    private func handOver(_ demo: RunningDemo) throws {
        let sockets = try ListeningSockets(in: demo.directory + "/nginx")
        let document = demo.document
        let settings = [
            "DATABASE_URL": document.database_url, "APP_BASE_URL": document.url,
            "INFOBIP_WEBHOOK_USER": document.infobip.user,
            "INFOBIP_WEBHOOK_PASSWORD": document.infobip.password,
            "PLIVO_AUTH_TOKEN": document.plivo.auth_token,
        ]
        func start(_ name: String) throws -> ActivatedResponder {
            let responder = try ActivatedResponder(
                sockets, settings: settings, log: "\(demo.directory)/logs/\(name).log")
            try #require(
                waitUntil(within: .seconds(20)) { responder.isReady },
                "\((try? String(contentsOfFile: responder.log, encoding: .utf8)) ?? "")")
            return responder
        }
        var running = try start("first")
        let load = SteadyLoad(on: demo)
        try load.waitForAccepted(50)
        for name in ["second", "third", "fourth"] {
            let next = try start(name)
            running.send(signal: SIGTERM)
            #expect(running.waitForExit() == 0)
            running = next
            try load.waitForAccepted(50)
        }
        // The way of systemd: the old one ends first, and callers wait in the sockets' queues.
        running.send(signal: SIGTERM)
        #expect(running.waitForExit() == 0)
        running = try start("fifth")
        try load.waitForAccepted(50)
        let outcomes = load.stop()
        #expect(Set(outcomes.map(\.status)) == [200])
        #expect(try load.lost(of: outcomes) == [])
        running.send(signal: SIGTERM)
        #expect(running.waitForExit() == 0)
        for name in ["first", "second", "third", "fourth", "fifth"] {
            let log = try String(
                contentsOfFile: "\(demo.directory)/logs/\(name).log", encoding: .utf8)
            expectCleanLog(log, hiding: document)
        }
    }
}
