import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("The listener for notifications", .blocking)
struct NotificationListenerTests {
    /// What the listener has reported.
    private final class Heard: Sendable {
        let notifications = Mutex<[Notification]>([])
        let connects = Atomic<Int>(0)

        func waitForConnects(_ count: Int) -> Bool {
            waitUntil(within: .seconds(20)) { connects.load(ordering: .relaxed) >= count }
        }

        func waitFor(_ payloads: [String]) -> Bool {
            waitUntil(within: .seconds(20)) {
                notifications.withLock { $0.map(\.payload) } == payloads
            }
        }
    }

    private func listen(_ url: String, _ heard: Heard) throws -> NotificationListener {
        try NotificationListener(
            ConnectionSettings(url), channels: ["plain", "Odd \"name\""],
            backoff: ReconnectBackoff(first: .milliseconds(10), cap: .milliseconds(50)),
            onConnect: { heard.connects.wrappingAdd(1, ordering: .relaxed) },
            onNotification: { notification in
                heard.notifications.withLock { $0.append(notification) }
            })
    }

    @Test("notifications arrive in order, from channels of any name")
    func hears() throws {
        let url = try PostgresServer.shared.createDatabase()
        let heard = Heard()
        let listener = try listen(url, heard)
        #expect(heard.waitForConnects(1))
        let sender = try Connection(ConnectionSettings(url))
        try sender.execute(script: "notify plain, 'a'; notify other, 'x'")
        try sender.execute(script: "notify \"Odd \"\"name\"\"\", 'b'; notify plain")
        #expect(heard.waitFor(["a", "b", ""]))
        #expect(heard.notifications.withLock { $0[1].channel } == "Odd \"name\"")
        listener.stop()
    }

    @Test("after a crash of the server it listens again, and the user is told")
    func reconnects() throws {
        let server = try PostgresServer.dedicated()
        let url = server.url(of: "postgres")
        let heard = Heard()
        let listener = try listen(url, heard)
        #expect(heard.waitForConnects(1))
        try server.kill()
        try server.start()
        #expect(heard.waitForConnects(2))
        try Connection(ConnectionSettings(url)).execute(script: "notify plain, 'again'")
        #expect(heard.waitFor(["again"]))
        listener.stop()
    }

    @Test("it stops at once, also while the server is unreachable")
    func stops() throws {
        let heard = Heard()
        let listener = try NotificationListener(
            ConnectionSettings("postgresql://u@127.0.0.1:\(FreePort.next())/d"),
            channels: ["plain"],
            backoff: ReconnectBackoff(first: .seconds(60), cap: .seconds(60)),
            onConnect: {}, onNotification: { _ in })
        let took = ContinuousClock().measure { listener.stop() }
        #expect(took < .seconds(5))
        #expect(heard.connects.load(ordering: .relaxed) == 0)
    }
}
