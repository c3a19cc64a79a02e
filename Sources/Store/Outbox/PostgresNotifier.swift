import Domain
package import Postgres
private import Synchronization
import System

/// Notifies by NOTIFY, on a thread and a connection of its own.
///
/// Notifications within 10 ms are sent as one; while the database is unreachable they are lost.
package final class PostgresNotifier: Notifier {
    private let settings: ConnectionSettings
    private let channel: Channel
    private let isWanted = Atomic<Bool>(false)
    private let thread = ServiceThread("notifier")

    private static let spacing = Duration.milliseconds(10)
    /// The pause after a failed connect.
    private static let rest = Duration.milliseconds(500)

    /// Starts its thread; it connects at the first notification.
    ///
    /// - Parameters:
    ///   - settings: where to.
    ///   - channel: the channel of NOTIFY.
    package init(_ settings: ConnectionSettings, channel: Channel) {
        self.settings = settings
        self.channel = channel
        thread.startOrAbort { [self] in run() }
    }

    package func notify() {
        guard !isWanted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        thread.wake()
    }

    /// Ends the thread; pending notifications are sent first, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        var connection: Connection?
        while true {
            thread.wait()
            let isLast = thread.isStopping
            // Cleared before sending, so that a request from now on is sent again. A request from
            // before a stop is still sent.
            guard isWanted.exchange(false, ordering: .sequentiallyConsistent) else {
                if isLast { return }
                continue
            }
            let isTold = tell(&connection)
            thread.pause(for: isTold ? Self.spacing : Self.rest)
        }
    }

    /// Connects again, once, if the connection turns out to be lost.
    private func tell(_ connection: inout Connection?) -> Bool {
        for _ in 0..<2 {
            do throws(PostgresError) {
                let open: Connection
                if let connection { open = connection } else { open = try connect() }
                connection = open
                try open.execute(SendNotification(channel: channel.rawValue), within: .seconds(3))
                return true
            } catch {
                let wasOpen = connection != nil
                connection = nil
                guard wasOpen else { return false }
            }
        }
        return false
    }

    private func connect() throws(PostgresError) -> Connection {
        let connection = try Connection(settings)
        // A NOTIFY is a commit, and this one need not be durable.
        try connection.execute(script: "set synchronous_commit = off")
        return connection
    }
}

/// The channels of NOTIFY between our processes.
package enum Channel: String, Sendable, CaseIterable {
    /// Messages were queued; dispatchers listen.
    case outbox = "waybill_outbox"
    /// Results of sending were recorded; processes with waiting callers listen.
    case sent = "waybill_sent"
    /// Statuses have changed; processes with live streams listen.
    case changes = "waybill_changes"
    /// Webhooks were made or changed, or deliveries queued by hand; deliverers listen.
    case webhooks = "waybill_webhooks"
}
