import Dispatch
import Domain
import FastCGI
import Postgres
import Providers
import Store
import Telemetry
import Web

/// The running service: the only place that knows which adapter serves whom.
final class Responder: Sendable {
    private let configuration: Configuration
    private let logger: Logger
    private let pool: ConnectionPool
    private let writer: ReportWriter
    private let maintenance: Maintenance
    private let sending: SendingService
    private let servers: [Server]
    private let sockets: ResponderSockets

    /// Starts everything; from here on requests are answered.
    ///
    /// - Throws: `CommandFailure` if the database is behind or a socket cannot be opened.
    init(_ configuration: Configuration, logger: Logger) throws(CommandFailure) {
        self.configuration = configuration
        self.logger = logger
        let limits = configuration.limits
        pool = ConnectionPool(
            configuration.apiDatabase, maximumCount: limits.poolSize, maximumWait: .seconds(3))
        let health = DatabaseHealth(pool, settings: configuration.database)
        let state = health.databaseState()
        if let problem = state.problem {
            // A database that is away may come back; one that is behind will not catch up alone.
            guard state.migration == nil, state.latency == nil else {
                throw CommandFailure(problem)
            }
            logger.log(
                .error, "database away at the start; callbacks are refused until it is there",
                ["problem": "\(problem)"])
        }

        let metrics = Metrics()
        LogGauges.register(logger, in: metrics)
        var settings = ReportWriter.Settings()
        settings.queueReports = limits.writerQueueReports
        settings.connections = limits.writerConnections
        settings.commitDeadline = limits.commitDeadline
        writer = ReportWriter(
            configuration.database, settings: settings, metrics: metrics, logger: logger)
        maintenance = Maintenance(
            ConnectionPool(configuration.database, maximumCount: 1),
            keepDays: limits.callbackRetentionDays, logger: logger)

        sending = try SendingService(configuration, pool, metrics: metrics, logger: logger)

        let callbacks = Self.callbackEndpoints(
            configuration, sink: writer, metrics: metrics, logger: logger)
        let authenticator = Authenticator(APIKeys(pool, logger: logger))
        let endpoint = APIEndpoint(authenticator: authenticator, logger: logger)
        let healthRoutes = HealthEndpoints(
            database: health, metrics: metrics, authenticator: authenticator)
        let reader = MessageStore(
            pool, logger: logger, key: MessageKey.derive(provider:providerMessageID:))
        let apiRoutes =
            healthRoutes.routes(endpoint) + MessageEndpoints(reader).routes(endpoint)
            + sending.routes(endpoint, reader: reader)
            + StatusEndpoint(
                version: Version.current, startedAt: .now, database: health, writer: writer,
                callbacks: callbacks.map { ($0.provider, $0.statistics) }, sending: sending.probe
            ).routes(endpoint)
        // The watchdog asks every socket, so every router knows this path.
        let liveness = healthRoutes.liveness(endpoint)
        let routers: [(Listener.Name, Router)] = [
            (.callbacks, Router(callbacks.flatMap(\.routes) + [liveness])),
            (.api, Router(apiRoutes)),
            (.events, Router([liveness])),
        ]

        sockets = try ResponderSockets(configuration.sockets)
        var servers: [Server] = []
        do throws(FastCGIError) {
            for (name, router) in routers {
                let server = try Server.start(
                    Listener(name, on: sockets.source(name), limits: limits.listener(name)),
                    handler: router,
                    onIncident: { incident in
                        logger.log(
                            .warning, "FastCGI incident",
                            ["socket": "\(name.rawValue)", "incident": "\(incident)"])
                    })
                ServerGauges.register(server, name: name, in: metrics)
                servers.append(server)
            }
        } catch {
            for server in servers { server.stopAccepting() }
            throw CommandFailure("cannot listen: \(error)")
        }
        self.servers = servers
        PoolGauges.register(pool, in: metrics)
    }

    /// Whether every socket answers a request now, and nothing stands in the writer that should
    /// have been committed or refused long ago.
    func isLive() -> Bool {
        guard !writer.isStuck() else {
            logger.log(.error, "the writer is stuck; the watchdog is not fed", limitKey: "")
            return false
        }
        return Listener.Name.allCases.allSatisfy { name in
            SelfCheck.answers(path: sockets.path(name), within: .seconds(5))
        }
    }

    /// Answers callers who wait for a provider with what is known; from now on nobody waits. Any
    /// thread, any number of times.
    func answerWaiting() {
        sending.answerWaiting()
    }

    /// Stops accepting, finishes what is in flight, commits what waits.
    ///
    /// Returns false if the deadline passed first.
    func drain() -> Bool {
        let deadline = ContinuousClock.now + configuration.limits.drainDeadline
        for server in servers { server.stopAccepting() }
        // Who waits for a provider would wait for longer than there is time.
        answerWaiting()
        // Answers follow their commits, so the writer must still run while requests finish.
        let unanswered = servers.reduce(0) { $0 + $1.drain(deadline: deadline) }
        let isFlushed = writer.stop(
            within: max(.milliseconds(100), deadline - ContinuousClock.now))
        maintenance.stop()
        sending.stop()
        pool.close()
        // What a limit held back comes first: "stopped" is the last line.
        logger.flush(within: .milliseconds(500))
        logger.log(
            unanswered == 0 && isFlushed ? .info : .error, "stopped",
            ["unanswered_requests": .integer(Int64(unanswered)), "flushed": .flag(isFlushed)])
        return unanswered == 0 && isFlushed
    }

    private static func callbackEndpoints(
        _ configuration: Configuration, sink: any ReportSink, metrics: Metrics, logger: Logger
    ) -> [CallbackEndpoint] {
        let webhooks: [(any WebhookProvider)?] = [
            configuration.infobip.flatMap { InfobipWebhook($0) },
            configuration.plivo.flatMap { PlivoWebhook($0) },
        ]
        return webhooks.compactMap { $0 }.map {
            CallbackEndpoint($0, sink: sink, metrics: metrics, logger: logger)
        }
    }
}

extension Configuration.Limits {
    /// Callbacks get the threads that they need whatever the API is busy with.
    fileprivate func listener(_ name: Listener.Name) -> Listener.Limits {
        let workers =
            switch name {
            case .callbacks: callbackWorkers
            case .api: apiWorkers
            case .events: 1
            }
        return Listener.Limits(
            workers: workers, maxConnections: maxConnections, maxInFlight: maxInFlight)
    }
}
