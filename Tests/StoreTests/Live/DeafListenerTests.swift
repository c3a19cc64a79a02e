import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("A LISTEN that looks alive and hears nothing", .blocking)
struct DeafListenerTests {
    private final class Heard: Sendable {
        let connects = Atomic<Int>(0)
        let notifications = Atomic<Int>(0)
        let losses = Mutex<[PostgresError]>([])
    }

    @Test("The listener finds out by its own notification, says so, and connects until it hears")
    func deaf() throws {
        let database = try TestDatabase()
        let relay = try LossyRelay(to: database.server.port)
        relay.deafen(true)
        let settings = try ConnectionSettings(
            "postgresql://waybill:secret@127.0.0.1:\(relay.port)/\(database.name)")
        let heard = Heard()
        let listener = try NotificationListener(
            settings, channels: [Channel.changes.rawValue],
            backoff: ReconnectBackoff(first: .milliseconds(10), cap: .milliseconds(50)),
            pulse: Pulse(every: .milliseconds(100), patience: .milliseconds(500)),
            onConnect: { heard.connects.wrappingAdd(1, ordering: .relaxed) },
            onNotification: { _ in heard.notifications.wrappingAdd(1, ordering: .relaxed) },
            onLoss: { error in heard.losses.withLock { $0.append(error) } })
        defer { listener.stop() }
        // The server shows a connection without an error each time.
        #expect(waitUntil(within: .seconds(20)) { heard.connects.load(ordering: .relaxed) >= 3 })
        #expect(relay.deafenedCount >= 3)
        #expect(heard.losses.withLock { $0.allSatisfy { $0.code == .connection } })
        #expect(heard.losses.withLock { $0.count } >= 2)
        let sender = try Connection(database.responder)
        try sender.execute(script: "notify \(Channel.changes.rawValue)")
        #expect(heard.notifications.load(ordering: .relaxed) == 0)

        relay.deafen(false)
        let isHeard = try waitUntil(within: .seconds(20)) {
            try sender.execute(script: "notify \(Channel.changes.rawValue)")
            return heard.notifications.load(ordering: .relaxed) > 0
        }
        #expect(isHeard)
        // It stays: several times the patience, in which its own notifications come back.
        let connects = heard.connects.load(ordering: .relaxed)
        #expect(
            !waitUntil(within: .seconds(2)) {
                heard.connects.load(ordering: .relaxed) != connects
            })
    }
}
