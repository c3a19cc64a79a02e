import Domain
import Postgres
import Store
import System
import Telemetry
import Webhooks

/// The running deliverer with its parts.
final class DeliveryService: Sendable {
    private let configuration: DeliveryConfiguration
    private let logger: Logger
    private let pool: ConnectionPool
    private let client: EgressClient
    private let resolver: HostResolver
    private let deliverer: Deliverer
    private let listener: NotificationListener
    private let heartbeat: ProcessHeartbeat

    /// For the deliverer, its recorder and the heartbeat.
    private static let connections = 3

    /// Starts everything.
    ///
    /// - Throws: `CommandFailure` if the database is behind.
    init(_ configuration: DeliveryConfiguration, logger: Logger) throws(CommandFailure) {
        self.configuration = configuration
        self.logger = logger
        pool = ConnectionPool(configuration.database, maximumCount: Self.connections)
        let state = DatabaseHealth(pool, as: .deliverer).databaseState()
        if let problem = state.problem {
            // An unreachable database may come back; one that is behind stays behind.
            guard !state.isUnfit else { throw CommandFailure(problem) }
            logger.log(
                .error, "database away at the start; nothing is delivered until it is there",
                ["problem": "\(problem)"])
        }
        do throws(SystemError) {
            client = try EgressClient(path: configuration.socket)
        } catch {
            throw CommandFailure("WAYBILL_EGRESS_SOCKET: \(error)")
        }
        resolver = HostResolver()
        let deliverer = Deliverer(
            configuration.deliverer,
            queue: WebhookQueueStore(pool, settings: configuration.database, logger: logger),
            resolver: resolver, transport: client, logger: logger)
        self.deliverer = deliverer
        do throws(PostgresError) {
            listener = try NotificationListener(
                configuration.database,
                channels: [Channel.changes.rawValue, Channel.webhooks.rawValue],
                onConnect: { deliverer.reload() },
                onNotification: { channel in
                    if channel.channel == Channel.webhooks.rawValue {
                        deliverer.reload()
                    } else {
                        deliverer.wake()
                    }
                })
        } catch {
            throw CommandFailure("cannot listen for changes: \(error)")
        }
        heartbeat = ProcessHeartbeat(.deliverer, ProcessStore(pool, logger: logger)) {
            [
                .init("webhooks", deliverer.webhooks),
                .init("requests_in_flight", deliverer.inFlight),
            ]
        }
    }

    /// Whether no part hangs; a database or a receiver that is slow is no reason to end.
    func isLive() -> Bool {
        let stuck = deliverer.stuck()
        for name in stuck {
            logger.log(
                .error, "part of the deliverer is stuck; the watchdog is not fed", limitKey: name,
                ["part": "\(name)"])
        }
        return stuck.isEmpty
    }

    /// Begins nothing more, finishes what is under way, and records it.
    ///
    /// Returns false if the deadline passed first.
    func drain() -> Bool {
        let isClean = deliverer.stop(within: configuration.drainDeadline)
        listener.stop()
        resolver.stop()
        client.stop()
        heartbeat.stop()
        pool.close()
        logger.flush(within: .milliseconds(500))
        logger.log(isClean ? .info : .error, "stopped", ["recorded": .flag(isClean)])
        return isClean
    }
}
