import Domain
package import Postgres
private import Synchronization
import System

/// Rings by NOTIFY, on a thread and a connection of its own.
///
/// Rings that come within 10 ms of each other are one; while the database is away they are lost.
package final class PostgresNotifier: Notifier {
    private let settings: ConnectionSettings
    private let channel: Channel
    private let isWanted = Atomic<Bool>(false)
    private let thread = ServiceThread("notifier")

    private static let spacing = Duration.milliseconds(10)
    /// A server that is away is not asked each time.
    private static let rest = Duration.milliseconds(500)

    /// Starts its thread; it connects at the first ring.
    ///
    /// - Parameters:
    ///   - settings: where to.
    ///   - channel: what to tell on.
    package init(_ settings: ConnectionSettings, channel: Channel) {
        self.settings = settings
        self.channel = channel
        thread.startOrAbort { [self] in run() }
    }

    package func notify() {
        guard !isWanted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        thread.wake()
    }

    /// Ends the thread; what was asked for before is told first, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        var connection: Connection?
        while true {
            thread.wait()
            let isLast = thread.isStopping
            // Before it is told: what comes from now on is told by another one. What came before a
            // stop is told all the same.
            guard isWanted.exchange(false, ordering: .sequentiallyConsistent) else {
                if isLast { return }
                continue
            }
            let isTold = tell(&connection)
            thread.pause(for: isTold ? Self.spacing : Self.rest)
        }
    }

    /// A connection that turns out to be lost is replaced once.
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
        // A NOTIFY is a commit, and this one has nothing to keep.
        try connection.execute(script: "set synchronous_commit = off")
        return connection
    }
}

/// The channels of NOTIFY by which processes tell each other that there is something to look at.
package enum Channel: String, Sendable, CaseIterable {
    /// Messages were queued; dispatchers listen.
    case outbox = "waybill_outbox"
    /// Results of sending were recorded; who waits for them listens.
    case sent = "waybill_sent"
}
