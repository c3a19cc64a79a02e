import Foundation
import TestSupport
import Testing

extension BreakingTests {
    @Suite("Processes that die under load")
    struct FaultTests {
        @Test("A kill -9 of the responder under load loses nothing: all get 200 and are stored")
        func responderKilled() throws {
            let demo = try RunningDemo.breakable
            let load = SteadyLoad(on: demo)
            try load.waitForAccepted(100)
            for _ in 0..<3 {
                let old = try demo.currentDocument.pids.responder
                kill(old, SIGKILL)
                #expect(
                    waitUntil(within: .seconds(20)) {
                        guard let pid = try? demo.currentDocument.pids.responder else {
                            return false
                        }
                        return pid != old && pid > 0
                    })
                try load.waitForAccepted(100)
            }
            let outcomes = load.stop()
            // nginx sends a callback again that a kill hit, once if that was on a new connection,
            // so each kill waits for what the last one hit. The demo holds the sockets: callers
            // wait in their queues for the next responder.
            #expect(Set(outcomes.map(\.status)) == [200])
            #expect(try load.lost(of: outcomes) == [])
            expectCleanLog(demo.responderLog, hiding: demo.document)
        }

        @Test("A callback that a kill -9 hits on a new connection is sent to the next responder")
        func killedOnNewConnection() throws {
            let demo = try RunningDemo.breakable
            let old = try demo.currentDocument.pids.responder
            let lock = try TableLock("report", in: demo)
            let names = (0..<20).map { _ in uniqueName("killed") }
            let answers = SteadyLoad.Outcomes()
            // More at once than there can be kept connections of the tests before.
            let group = Crew.start(names.count) { index in
                let answer = try? demo.infobip(InfobipBody.of(names[index]))
                answers.append(
                    SteadyLoad.Outcome(
                        name: names[index], status: answer?.status, retryAfter: nil,
                        text: answer?.text ?? ""))
            }
            let gauge = #"waybill_requests_in_flight{socket="callbacks"}"#
            try #require(
                try waitUntil(within: .seconds(3)) {
                    try PrometheusText(demo.api("/metrics", key: .some(nil))).samples[gauge] == 20
                })
            kill(old, SIGKILL)
            try lock.release()
            #expect(group.wait(timeout: .now() + 30) == .success)
            #expect(answers.all.map(\.status) == Array(repeating: 200, count: names.count))
            for name in names { #expect(try demo.status(name) == "delivered") }
        }

        @Test("PostgreSQL's kill -9 loses no 200, refuses nothing, and recovers by itself")
        func databaseKilled() throws {
            let demo = try RunningDemo.breakable
            let load = SteadyLoad(on: demo)
            try load.waitForAccepted(100)
            let old = try demo.currentDocument.pids.postgres
            kill(old, SIGKILL)
            #expect(
                waitUntil(within: .seconds(30)) {
                    (try? demo.currentDocument.pids.postgres).map { $0 != old && $0 > 0 } ?? false
                })
            try load.waitForAccepted(200)
            let outcomes = load.stop()
            #expect(Set(outcomes.map(\.status)) == [200])
            // What was spooled follows in a moment.
            #expect(
                try waitUntil(within: .seconds(20)) { try load.lost(of: outcomes).isEmpty })
            #expect(
                try waitUntil(within: .seconds(20)) {
                    try demo.api("/health/ready", key: .some(nil)).status == 200
                })
            let database = try JSON(demo.api("/v1/status"))["database"]
            #expect(database["reachable"].bool == true)
            #expect(database["away_since"].isNull)
            expectCleanLog(demo.responderLog, hiding: demo.document)
        }

        static func children(of pid: pid_t) -> [pid_t] {
            let path = "/proc/\(pid)/task/\(pid)/children"
            let list = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return list.split(separator: " ").compactMap { pid_t($0) }
        }
    }
}
