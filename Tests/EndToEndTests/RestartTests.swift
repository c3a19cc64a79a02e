import Foundation
import TestSupport
import Testing

@Suite("Restarts", .timeLimit(.minutes(10)))
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
        // Blocks the commits until it is removed.
        let lock = try TableLock("report", in: demo)
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
            try waitUntil(within: .seconds(10)) {
                try PrometheusText(demo.api("/metrics", key: .some(nil))).samples[gauge] == 20
            })
        kill(responder, SIGTERM)
        try #require(
            waitUntil(within: .seconds(10)) { demo.responderLog.contains(#""message":"stopping""#) }
        )
        try lock.release()
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
        // A clean end is taken as intended: it is not restarted.
        #expect(!demo.process.output.contains("responder ended"))
        expectProblem(try demo.infobip(InfobipBody.of(uniqueName())), 502, "upstream_unavailable")
    }

    /// A responder whose API waits for a lock, for longer than its watchdog's time, lives on.
    private func stayAlive(
        _ demo: RunningDemo, _ notify: DatagramSocket, watchdog: Duration
    ) throws {
        let lock = try TableLock("api_key", in: demo)
        let calls = SteadyLoad(on: demo, threads: 64) { _ in try demo.api("/v1/status") }
        let callbacks = SteadyLoad(on: demo, threads: 2)
        let gauge = #"waybill_requests_waiting{socket="api"}"#
        // Metrics and health are answered while all of the API's threads are blocked and others
        // wait.
        try #require(
            try waitUntil(within: .seconds(20)) {
                let text = try PrometheusText(demo.api("/metrics", key: .some(nil)))
                return (text.samples[gauge] ?? 0) > 0
            })
        let end = ContinuousClock.now + watchdog * 1.2
        // Earlier notifications say nothing about now.
        while !notify.isEmpty { _ = notify.receive() }
        var fed = ContinuousClock.now
        while ContinuousClock.now < end {
            #expect(notify.receive() == "WATCHDOG=1")
            #expect(ContinuousClock.now - fed < watchdog)
            fed = .now
            for path in ["/health/live", "/health/ready"] {
                #expect(try demo.api(path, key: .some(nil)).status == 200, "\(path)")
            }
        }
        let stored = callbacks.stop()
        #expect(Set(stored.map(\.status)) == [200])
        let answered = calls.stop()
        // The key was known, or the request was refused: none got nginx's time-out.
        #expect(Set(answered.map(\.status)).isSubset(of: [200, 503]))
        #expect(answered.count >= 64)
        try lock.release()
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
        func start(
            _ name: String, _ more: [String: String] = [:]
        ) throws -> ActivatedResponder {
            let responder = try ActivatedResponder(
                sockets, settings: settings.merging(more) { $1 },
                log: "\(demo.directory)/logs/\(name).log")
            try #require(
                waitUntil(within: .seconds(20)) { responder.isReady },
                "\((try? String(contentsOfFile: responder.log, encoding: .utf8)) ?? "")")
            return responder
        }
        var running = try start("first")
        let load = SteadyLoad(on: demo)
        // Each request has a connection of its own to the responder, which nginx does not repeat.
        let calls = SteadyLoad(on: demo) { _ in try demo.api("/v1/status") }
        for load in [load, calls] { try load.waitForAccepted(50) }
        for name in ["second", "third", "fourth"] {
            let next = try start(name)
            running.send(signal: SIGTERM)
            #expect(running.waitForExit() == 0)
            running = next
            for load in [load, calls] { try load.waitForAccepted(50) }
        }
        // The way of systemd: the old one ends first, and callers wait in the sockets' queues.
        running.send(signal: SIGTERM)
        #expect(running.waitForExit() == 0)
        let path = "\(demo.directory)/notify"
        let notify = try #require(DatagramSocket(path))
        // The shortest that goes with the deadline of a commit.
        let watchdog: Duration = .seconds(18)
        running = try start("fifth", ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "18000000"])
        #expect(notify.receive() == "READY=1")
        for load in [load, calls] { try load.waitForAccepted(50) }
        let answered = calls.stop()
        #expect(Set(answered.map(\.status)) == [200])
        let outcomes = load.stop()
        #expect(Set(outcomes.map(\.status)) == [200])
        #expect(try load.lost(of: outcomes) == [])
        try stayAlive(demo, notify, watchdog: watchdog)
        running.send(signal: SIGTERM)
        #expect(running.waitForExit() == 0)
        for name in ["first", "second", "third", "fourth", "fifth"] {
            let log = try String(
                contentsOfFile: "\(demo.directory)/logs/\(name).log", encoding: .utf8)
            expectCleanLog(log, hiding: document)
        }
    }
}
