import Domain
import HTTPClient
import Postgres
import Sending
import Store
import Telemetry

/// The running dispatcher with its parts.
final class DispatchService: Sendable {
    private let configuration: SendingConfiguration
    private let logger: Logger
    private let pool: ConnectionPool
    private let queue: QueueAccess
    private let writer: ReportWriter
    private let transport: URLSessionTransport
    private let dispatcher: Dispatcher
    private let listener: NotificationListener
    private let heartbeat: ProcessHeartbeat
    /// Tells other processes of changed statuses.
    private let changes: PostgresNotifier

    /// One for the recorder and one for the sweeper, besides each lane's.
    private static let connections = 2
    /// More than one call of the outbox makes, each of which has a time limit of its own.
    private static let mostStatements = 20

    /// Starts everything.
    ///
    /// - Throws: `CommandFailure` if the database is behind.
    init(_ configuration: SendingConfiguration, logger: Logger) throws(CommandFailure) {
        self.configuration = configuration
        self.logger = logger
        let lanes = configuration.lanes
        pool = ConnectionPool(
            configuration.database, maximumCount: Self.connections + lanes.count)
        let state = DatabaseHealth(pool, as: .dispatcher).databaseState()
        if let problem = state.problem {
            // An unreachable database may come back; one that is behind stays behind.
            guard !state.isUnfit else { throw CommandFailure(problem) }
            logger.log(
                .error, "database away at the start; nothing is sent until it is there",
                ["problem": "\(problem)"])
        }
        changes = PostgresNotifier(configuration.database, channel: .changes)
        // One feed for all that changes a status here; whoever wants to know of changes is in it.
        let feed = ChangeFeed([ChangeNotifier(changes)])
        queue = QueueAccess(pool, configuration.database, feed: feed, logger: logger)
        var settings = ReportWriter.Settings()
        settings.connections = 1
        settings.optOuts = configuration.optOuts
        writer = ReportWriter(
            configuration.database, settings: settings, feed: feed, metrics: Metrics(),
            logger: logger)
        var http = URLSessionTransport.Settings(userAgent: "waybill/\(Version.current)")
        // Several providers may be the same host, and status queries need room beside the sends.
        http.connectionsPerHost = lanes.reduce(8) { $0 + $1.concurrency }
        transport = URLSessionTransport(http)
        var common = configuration.common
        common.databaseLimit =
            configuration.database.responseTimeout * Self.mostStatements
            + configuration.database.connectTimeout * 2
        let dispatcher = Dispatcher(
            lanes, settings: common, outbox: queue.outbox, transport: transport,
            sink: writer, inbound: InboundStore(pool, logger: logger), notifier: queue.notifier,
            logger: logger)
        self.dispatcher = dispatcher
        do throws(PostgresError) {
            listener = try NotificationListener(
                configuration.database, channels: [Channel.outbox.rawValue],
                onConnect: { dispatcher.wake() }, onNotification: { _ in dispatcher.wake() })
        } catch {
            throw CommandFailure("cannot listen for new messages: \(error)")
        }
        heartbeat = ProcessHeartbeat(.dispatcher, ProcessStore(pool, logger: logger)) { [writer] in
            [
                .init("providers", lanes.count),
                .init("requests_in_flight", dispatcher.requestsInFlight),
                .init("reports_waiting", writer.writerState().queuedReports),
            ]
        }
    }

    /// Whether no part hangs. A database or a provider that is slow, locked or unreachable is no
    /// reason to end the process: the requests in flight would have to be queried, and the next
    /// process would wait for the same.
    func isLive() -> Bool {
        let stuck = dispatcher.stuck() + (writer.isStuck() ? ["writer of polled reports"] : [])
        for name in stuck {
            logger.log(
                .error, "part of the dispatcher is stuck; the watchdog is not fed", limitKey: name,
                ["part": "\(name)"])
        }
        return stuck.isEmpty
    }

    /// Leases nothing more, finishes what is in flight, and records it.
    ///
    /// Returns false if the deadline passed first.
    func drain() -> Bool {
        let end = ContinuousClock.now + configuration.drainDeadline
        let isRecorded = dispatcher.stop(within: configuration.drainDeadline)
        let isFlushed = writer.stop(within: max(.seconds(1), end - .now))
        listener.stop()
        heartbeat.stop()
        queue.stop()
        changes.stop()
        transport.close()
        pool.close()
        // Lines about suppressed ones come first, so that "stopped" is the last line.
        logger.flush(within: .milliseconds(500))
        logger.log(
            isRecorded && isFlushed ? .info : .error, "stopped",
            ["recorded": .flag(isRecorded), "flushed": .flag(isFlushed)])
        return isRecorded && isFlushed
    }
}
