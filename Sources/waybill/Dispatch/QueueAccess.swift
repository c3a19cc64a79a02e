import Domain
import Postgres
import Store
import Telemetry

/// The queue in the database as a dispatcher uses it, and the notifier for results.
struct QueueAccess: Sendable {
    let outbox: any Outbox
    let notifier: any Notifier
    /// Ends the notifier's thread.
    let stop: @Sendable () -> Void

    init(_ pool: ConnectionPool, _ settings: ConnectionSettings, feed: ChangeFeed, logger: Logger) {
        let notifier = PostgresNotifier(settings, channel: .sent)
        outbox = OutboxStore(pool, settings: settings, feed: feed, logger: logger)
        self.notifier = notifier
        stop = { notifier.stop() }
    }
}
