import Foundation
import TestSupport
import Testing

@testable import System

@Suite("Service manager", .blocking)
struct ServiceManagerTests {
    @Test("A state reaches systemd's socket")
    func path() throws {
        let folder = try TemporaryDirectory()
        let socket = try #require(DatagramSocket(folder.path(of: "notify")))
        ServiceManager(["NOTIFY_SOCKET": folder.path(of: "notify")]).notify("READY=1")
        #expect(socket.receive() == "READY=1")
    }

    @Test("A socket of the abstract namespace begins with @")
    func abstract() throws {
        let name = "@waybill-test-\(UUID().uuidString)"
        let socket = try #require(DatagramSocket(name))
        ServiceManager(["NOTIFY_SOCKET": name]).notify("STOPPING=1")
        #expect(socket.receive() == "STOPPING=1")
    }

    @Test(
        "Without systemd, or with a socket that is gone, nothing happens",
        arguments: [
            [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "/nonexistent/socket"],
            ["NOTIFY_SOCKET": String(repeating: "x", count: 200)],
        ])
    func nothing(environment: [String: String]) {
        ServiceManager(environment).notify("READY=1")
    }

    @Test(
        "One or two slow checks do not end the process: a third comes before the time-out",
        arguments: [Duration.seconds(30), .seconds(4), .milliseconds(20)])
    func plan(watchdog: Duration) {
        let plan = ServiceManager.FeedingPlan(watchdog)
        let twoFailures = plan.pause + (plan.limit + plan.pauseAfterFailure) * 2
        #expect(twoFailures + plan.limit < watchdog)
        // A check that passes and takes all its time is still within the time-out.
        #expect(plan.pause + plan.limit < watchdog / 2)
        #expect(plan.pauseAfterFailure * 10 <= plan.pause)
    }

    @Test("After a failed check the next one comes soon, and the watchdog is notified by it")
    func recovers() throws {
        let folder = try TemporaryDirectory()
        let socket = try #require(DatagramSocket(folder.path(of: "notify")))
        let checks = CallCounter()
        let wrongLimits = CallCounter()
        let manager = ServiceManager([
            "NOTIFY_SOCKET": folder.path(of: "notify"), "WATCHDOG_USEC": "400000",
        ])
        manager.feedWatchdog { limit in
            if limit != .milliseconds(100) { _ = wrongLimits.next() }
            return checks.next() != 2
        }
        #expect(socket.receive() == "WATCHDOG=1")
        #expect(socket.receive() == "WATCHDOG=1")
        #expect(checks.value >= 3)
        #expect(wrongLimits.value == 0)
    }

    @Test("The watchdog is notified while the check passes, and not when it fails")
    func watchdog() throws {
        let folder = try TemporaryDirectory()
        let socket = try #require(DatagramSocket(folder.path(of: "notify")))
        let checks = CallCounter()
        let manager = ServiceManager([
            "NOTIFY_SOCKET": folder.path(of: "notify"), "WATCHDOG_USEC": "20000",
            "WATCHDOG_PID": String(getpid()),
        ])
        manager.feedWatchdog { _ in checks.next() <= 3 }
        for _ in 1...3 { #expect(socket.receive() == "WATCHDOG=1") }
        // The fourth and the fifth check fail.
        #expect(waitUntil(within: .seconds(10)) { checks.value >= 5 })
        #expect(socket.isEmpty)
    }

    @Test(
        "A watchdog that is not for us, or not valid, is ignored",
        arguments: [
            ["WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"], ["WATCHDOG_USEC": "0"],
            ["WATCHDOG_USEC": "x"], [:],
        ])
    func noWatchdog(environment: [String: String]) throws {
        let folder = try TemporaryDirectory()
        let socket = try #require(DatagramSocket(folder.path(of: "notify")))
        let checks = CallCounter()
        ServiceManager(environment.merging(["NOTIFY_SOCKET": folder.path(of: "notify")]) { $1 })
            .feedWatchdog { _ in checks.next() > 0 }
        #expect(socket.isEmpty)
        #expect(checks.value == 0)
    }
}
