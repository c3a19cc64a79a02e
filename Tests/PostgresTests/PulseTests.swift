import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite("A listener that hears itself", .blocking)
struct PulseTests {
    private final class Counted: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test("A pulse that comes back is followed by a rest, one that does not by a loss")
    func watch() {
        let start = ContinuousClock.now
        var watch = PulseWatch(Pulse(every: .seconds(30), patience: .seconds(5)), at: start)
        guard case .send(let first) = watch.step(at: start) else {
            Issue.record("no pulse")
            return
        }
        #expect(watch.step(at: start) == .wait(until: start + .seconds(5)))
        watch.heard("pulse of another one", at: start)
        #expect(watch.step(at: start) == .wait(until: start + .seconds(5)))
        let heard = start + .seconds(1)
        watch.heard(first, at: heard)
        #expect(watch.step(at: heard) == .wait(until: heard + .seconds(30)))
        guard case .send(let second) = watch.step(at: heard + .seconds(30)) else {
            Issue.record("no second pulse")
            return
        }
        #expect(second != first)
        #expect(watch.step(at: heard + .seconds(35)) == .lost)
    }

    @Test("Pulses are no notifications, and a listener that hears them stays connected")
    func hears() throws {
        let url = try PostgresServer.shared.createDatabase()
        let connects = Counted()
        let heard = Counted()
        let listener = try NotificationListener(
            ConnectionSettings(url), channels: ["news"],
            backoff: ReconnectBackoff(first: .milliseconds(10), cap: .milliseconds(50)),
            pulse: Pulse(every: .milliseconds(50), patience: .milliseconds(300)),
            onConnect: { connects.value.wrappingAdd(1, ordering: .relaxed) },
            onNotification: { _ in heard.value.wrappingAdd(1, ordering: .relaxed) })
        defer { listener.stop() }
        #expect(waitUntil(within: .seconds(20)) { connects.value.load(ordering: .relaxed) == 1 })
        let other = try Connection(ConnectionSettings(url))
        try other.execute(script: "notify news, 'pulse of another listener'; notify news")
        #expect(waitUntil(within: .seconds(20)) { heard.value.load(ordering: .relaxed) == 1 })
        #expect(connects.value.load(ordering: .relaxed) == 1)
    }
}
