import Foundation
import Synchronization
import System
import TestSupport
import Testing

@testable import Demo

@Suite("A stop during the demo's start", .blocking)
struct StopRequestTests {
    private let folder: TemporaryDirectory
    private let second = Wakeup()

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func request() -> StopRequest {
        StopRequest { [second] _ in second.signal() }
    }

    private func plan(_ script: String) -> DemoChild.Plan {
        DemoChild.Plan(
            name: "script", program: "/bin/sh", arguments: ["-c", script],
            environment: ["PATH": "/usr/bin:/bin"], log: folder.path(of: "log"))
    }

    @Test("Before the signal nothing is stopped; after it every check throws")
    func check() throws {
        let stop = request()
        #expect(!stop.isMade)
        try stop.check()
        try stop.run(plan("exit 0"))
        stop.take(SIGTERM)
        stop.wait()
        #expect(stop.isMade)
        let error = #expect(throws: DemoError.self) { try stop.check() }
        #expect(error?.exitStatus == 128 + SIGTERM)
        #expect(throws: DemoError.self) { try stop.run(plan("touch \(folder.path)/ran")) }
        #expect(!FileManager.default.fileExists(atPath: folder.path(of: "ran")))
    }

    @Test("The signal ends the program that runs, and its children")
    func runningTool() throws {
        let stop = request()
        let pid = Mutex<pid_t>(0)
        let start = ContinuousClock.now
        let error = #expect(throws: DemoError.self) {
            try stop.run(plan("sleep 300 & wait")) { started in
                pid.withLock { $0 = started }
                stop.take(SIGTERM)
            }
        }
        #expect(error?.exitStatus == 128 + SIGTERM)
        #expect(ContinuousClock.now - start < .seconds(10))
        let group = pid.withLock { $0 }
        #expect(waitUntil(within: .seconds(5)) { kill(-group, 0) != 0 })
    }

    @Test("The second signal is passed on at once")
    func secondSignal() {
        let stop = request()
        stop.take(SIGTERM)
        stop.wait()
        stop.take(SIGTERM)
        #expect(second.wait(for: .seconds(10)))
    }

    @Test("A program that fails is reported with its last output")
    func lastWords() {
        let error = #expect(throws: DemoError.self) {
            try request().run(plan("echo so it ends; exit 7"))
        }
        #expect(error?.description == "script failed (exit status 7):\n  so it ends")
    }
}
