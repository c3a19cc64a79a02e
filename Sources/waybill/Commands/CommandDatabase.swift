import Domain
import Postgres
import Store
import System
import Telemetry

/// The database as a command uses it: one connection, failures as one line.
enum CommandDatabase {
    /// - Throws: `CommandFailure` for an error of the store; otherwise the body's error.
    static func with<Value>(
        _ settings: ConnectionSettings,
        _ body: (ConnectionPool, Logger) throws(StoreFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        do throws(StoreFailure) {
            // The command line shows the failure; a log line would repeat it.
            return try body(pool, Logger(descriptor: -1))
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

/// Reads states repeatedly while dispatchers and providers work: at once after a notification, and
/// at intervals for changes without one, such as reports.
struct AwaitedStates: Sendable {
    private let settings: ConnectionSettings
    private static let pause: Duration = .milliseconds(500)

    init(_ settings: ConnectionSettings) {
        self.settings = settings
    }

    /// Reads until it is done or the time is over; returns the last result.
    func wait<Seen>(
        for limit: Duration?,
        look: () throws(StoreFailure) -> (seen: Seen, isDone: Bool)
    ) throws(StoreFailure) -> Seen {
        let deadline = limit.map { ContinuousClock.now + $0 }
        var last = try look()
        guard !last.isDone else { return last.seen }
        let news = Wakeup()
        // Without a listener the intervals are enough.
        let listener = try? NotificationListener(
            settings, channels: [Channel.sent.rawValue], onConnect: { news.signal() },
            onNotification: { _ in news.signal() })
        defer { listener?.stop() }
        while !last.isDone {
            let rest = min(Self.pause, deadline.map { $0 - .now } ?? Self.pause)
            guard rest > .zero else { break }
            news.wait(for: rest)
            last = try look()
        }
        return last.seen
    }
}
