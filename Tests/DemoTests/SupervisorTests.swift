import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Demo

@Suite("Supervisor", .blocking)
struct SupervisorTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    /// A shell script; `$F` is a file of the test's own.
    private func plan(_ script: String) -> DemoChild.Plan {
        DemoChild.Plan(
            name: "script", program: "/bin/sh", arguments: ["-c", script],
            environment: ["PATH": "/usr/bin:/bin", "F": file], log: folder.path(of: "log"))
    }

    private var file: String { folder.path(of: "f") }

    private var lines: [String] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private func isAlive(_ pid: String) -> Bool {
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // A zombie has ended; its parent has only not reaped it yet.
        return stat.map { !$0.contains(") Z ") } ?? false
    }

    @Test("A child that crashed is started again, and the new pid is reported")
    func restart() throws {
        let restarted = DispatchSemaphore(value: 0)
        let supervisor = try Supervisor(
            plan("echo $$ >> $F; [ $(wc -l < $F) -ge 2 ] && exec sleep 300; kill -9 $$")
        ) { _ in restarted.signal() }
        #expect(restarted.wait(timeout: .now() + 10) == .success)
        #expect(waitUntil(within: .seconds(10)) { lines.count == 2 })
        #expect(supervisor.pid.map(String.init) == lines.last)
        #expect(!supervisor.hasGivenUp)
        supervisor.stop(SIGTERM, deadline: .seconds(10))
        #expect(supervisor.pid == nil)
        #expect(!isAlive(lines[1]))
    }

    @Test("A child that is killed again and again is back at once each time")
    func killedAgain() throws {
        let started = ContinuousClock.now
        let supervisor = try Supervisor(
            plan("echo $$ >> $F; [ $(wc -l < $F) -ge 12 ] && exec sleep 300; kill -9 $$")
        ) { _ in }
        #expect(waitUntil(within: .seconds(20)) { lines.count == 12 })
        // Doubling pauses would take over half a minute.
        #expect(.now - started < .seconds(15))
        #expect(!supervisor.hasGivenUp)
        supervisor.stop(SIGTERM, deadline: .seconds(10))
    }

    @Test("A child that ended with 0 stays ended")
    func cleanEnd() throws {
        let supervisor = try Supervisor(plan("echo $$ >> $F; exit 0")) { _ in }
        #expect(waitUntil(within: .seconds(10)) { supervisor.hasGivenUp })
        supervisor.stop(SIGTERM, deadline: .seconds(10))
        #expect(lines.count == 1)
        #expect(supervisor.pid == nil)
    }

    @Test("A child that keeps failing is given up by a caller that waits for it")
    func givenUp() throws {
        let supervisor = try Supervisor(plan("echo $$ >> $F; exit 3")) { _ in }
        #expect(waitUntil(within: .seconds(20)) { supervisor.hasGivenUp })
        let start = ContinuousClock.now
        supervisor.stop(SIGTERM, deadline: .seconds(10))
        // It was in a pause between two attempts.
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("A child that will not end is killed at the deadline, and all that it started with it")
    func boundedStop() throws {
        let supervisor = try Supervisor(
            plan("trap '' TERM; sleep 300 & echo $$ >> $F; echo $! >> $F; wait; wait")
        ) { _ in }
        #expect(waitUntil(within: .seconds(10)) { lines.count == 2 })
        let start = ContinuousClock.now
        supervisor.stop(SIGTERM, deadline: .milliseconds(200))
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(waitUntil(within: .seconds(5)) { !lines.contains(where: isAlive) })
    }

    @Test("What a crashed child left behind is gone before the next one starts")
    func leftovers() throws {
        let restarted = DispatchSemaphore(value: 0)
        let supervisor = try Supervisor(
            plan(
                "[ -s $F ] && exec sleep 300; sleep 300 & echo $! >> $F; kill -9 $$")
        ) { _ in restarted.signal() }
        #expect(restarted.wait(timeout: .now() + 10) == .success)
        let orphan = try #require(lines.first)
        #expect(waitUntil(within: .seconds(5)) { !isAlive(orphan) })
        supervisor.stop(SIGTERM, deadline: .seconds(5))
    }

    @Test("Killing waits for nothing and starts nothing")
    func kill() throws {
        let supervisor = try Supervisor(plan("echo $$ >> $F; exec sleep 300")) { _ in }
        #expect(waitUntil(within: .seconds(10)) { lines.count == 1 })
        supervisor.kill()
        #expect(waitUntil(within: .seconds(10)) { supervisor.pid == nil })
        #expect(lines.count == 1)
    }

    @Test("A program that is missing is named")
    func missingProgram() {
        let error = #expect(throws: DemoError.self) {
            try Supervisor(
                DemoChild.Plan(
                    name: "nothing", program: "/nonexistent/program", arguments: [],
                    log: folder.path(of: "log"))
            ) { _ in }
        }
        #expect(error?.description.contains("cannot start nothing (/nonexistent/program)") == true)
    }

    @Test("A process in an ended child's place is watched, and replaced when it crashes")
    func successor() throws {
        let next = Mutex(Supervisor.Successor.none)
        let pids = Mutex<[pid_t?]>([])
        let supervisor = try Supervisor(
            plan("echo $$ >> $F; [ $(wc -l < $F) -ge 2 ] && exec sleep 300; exit 0"),
            successor: { next.withLock { $0 } }
        ) { pid in
            pids.withLock { $0.append(pid) }
        }
        #expect(waitUntil(within: .seconds(10)) { pids.withLock { $0 } == [nil] })
        next.withLock { $0 = .running(4711) }
        #expect(waitUntil(within: .seconds(10)) { supervisor.pid == 4711 })
        #expect(waitUntil(within: .seconds(10)) { pids.withLock { $0 } == [nil, 4711] })
        next.withLock { $0 = .crashed }
        #expect(waitUntil(within: .seconds(10)) { lines.count == 2 })
        #expect(waitUntil(within: .seconds(10)) { supervisor.pid.map(String.init) == lines.last })
        supervisor.stop(SIGTERM, deadline: .seconds(10))
    }

    @Test("A killed child that the user has replaced is not started beside the other one")
    func replaced() throws {
        let supervisor = try Supervisor(
            plan("echo $$ >> $F; kill -9 $$"), successor: { .running(4711) }
        ) { _ in }
        #expect(waitUntil(within: .seconds(10)) { supervisor.pid == 4711 })
        supervisor.stop(SIGTERM, deadline: .seconds(10))
        #expect(lines.count == 1)
    }

    @Test("Sockets are passed to a child as systemd does it")
    func handOver() throws {
        let sockets = try DemoSockets(["callbacks", "api", "events"], in: folder.path, for: nil)
        var plan = plan(
            #"[ $LISTEN_PID = $$ ] && for n in 3 4 5; do readlink /proc/self/fd/$n; done > $F"#)
        plan.sockets = sockets.descriptors
        plan.environment["LISTEN_FDS"] = nil
        let child = try DemoChild(plan)
        #expect(child.wait().isClean)
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.hasPrefix("socket:") })
    }
}
