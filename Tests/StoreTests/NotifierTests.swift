import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("The notifier", .blocking)
struct NotifierTests {
    private final class Heard: Sendable {
        let rings = Atomic<Int>(0)
        let isListening = Atomic<Bool>(false)
    }

    @Test("many notifications arrive as few, the last always, also after a lost connection")
    func rings() throws {
        let database = try TestDatabase()
        let heard = Heard()
        let listener = try NotificationListener(
            database.responder, channels: [Channel.outbox.rawValue],
            onConnect: { heard.isListening.store(true, ordering: .relaxed) },
            onNotification: { _ in heard.rings.wrappingAdd(1, ordering: .relaxed) })
        defer { listener.stop() }
        #expect(waitUntil(within: .seconds(20)) { heard.isListening.load(ordering: .relaxed) })
        let notifier = PostgresNotifier(try database.responder, channel: .outbox)
        defer { notifier.stop() }
        notifier.notify()
        #expect(waitUntil(within: .seconds(20)) { heard.rings.load(ordering: .relaxed) == 1 })
        let started = ContinuousClock.now
        for _ in 0..<10_000 { notifier.notify() }
        let most = 3 + Int((ContinuousClock.now - started) / .milliseconds(10))
        #expect(waitUntil(within: .seconds(20)) { heard.rings.load(ordering: .relaxed) > 1 })
        #expect(heard.rings.load(ordering: .relaxed) <= most)

        // The listener's connection is the other one that waits.
        try database.run(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and query like '%pg_notify%'
                and pid <> pg_backend_pid()
            """)
        let before = heard.rings.load(ordering: .relaxed)
        let isHeard = waitUntil(within: .seconds(20)) {
            notifier.notify()
            return heard.rings.load(ordering: .relaxed) > before
        }
        #expect(isHeard)
    }

    @Test("a notification from before the end is sent, however soon the notifier ends")
    func lastRing() throws {
        let database = try TestDatabase()
        let heard = Heard()
        let listener = try NotificationListener(
            database.responder, channels: [Channel.outbox.rawValue],
            onConnect: { heard.isListening.store(true, ordering: .relaxed) },
            onNotification: { _ in heard.rings.wrappingAdd(1, ordering: .relaxed) })
        defer { listener.stop() }
        #expect(waitUntil(within: .seconds(20)) { heard.isListening.load(ordering: .relaxed) })
        for count in 1...5 {
            let notifier = PostgresNotifier(try database.responder, channel: .outbox)
            notifier.notify()
            notifier.stop()
            let isHeard = waitUntil(within: .seconds(20)) {
                heard.rings.load(ordering: .relaxed) == count
            }
            #expect(isHeard)
        }
    }

    @Test("a notification while the database is away is lost and costs the caller nothing")
    func isPatient() throws {
        let settings = try ConnectionSettings(
            "postgresql://u@127.0.0.1:\(try FreePort.next())/d")
        let notifier = PostgresNotifier(settings, channel: .outbox)
        let duration = ContinuousClock().measure { for _ in 0..<1000 { notifier.notify() } }
        #expect(duration < .seconds(1))
        notifier.stop()
    }
}
