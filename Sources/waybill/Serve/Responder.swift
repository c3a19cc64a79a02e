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
    private let healthPool: ConnectionPool
    private let health: DatabaseWatch
    private let writer: ReportWriter
    private let spool: SpoolService
    private let maintenance: Maintenance
    private let folder: StatisticsFolder
    private let drift: DriftWatch
    private let sending: SendingService
    private let people: PeopleService
    private let webhooks: WebhookService
    private let exports: ExportService
    private let inbound: InboundService
    private let live: LiveService
    private let heartbeat: ProcessHeartbeat
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
        // Its own connection, because readiness must not depend on how busy the API is.
        healthPool = ConnectionPool(
            configuration.apiDatabase, maximumCount: 1, maximumWait: .seconds(1))
        let probe = DatabaseHealth(healthPool, settings: configuration.database)
        let state = probe.databaseState()
        if let problem = state.problem {
            // An unreachable database may come back; one that is behind stays behind.
            guard !state.isUnfit else { throw CommandFailure(problem) }
            logger.log(
                .error,
                "database away at the start; callbacks are not stored in it until it is there",
                ["problem": "\(problem)"])
        }

        health = DatabaseWatch(probe, first: state)

        let metrics = Metrics()
        let secrets = SigningSecretStore(pool, logger: logger)
        let tickets = TicketSigner(secrets)
        let signer = CursorSigner(secrets)
        live = try LiveService(configuration, tickets: tickets, metrics: metrics, logger: logger)
        // One feed for all that changes a status here; whoever wants to know of changes is in it.
        let feed = ChangeFeed(live.subscribers)
        LogGauges.register(logger, in: metrics)
        inbound = InboundService(configuration, pool, feed: feed, metrics: metrics, logger: logger)
        var settings = ReportWriter.Settings()
        settings.optOuts = configuration.optOuts
        settings.onInbound = { [follower = inbound.follower] in follower.wake() }
        settings.queueReports = limits.writerQueueReports
        settings.connections = limits.writerConnections
        settings.commitDeadline = limits.commitDeadline
        settings.mayReadArchive = true
        writer = ReportWriter(
            configuration.database, settings: settings, feed: feed, metrics: metrics, logger: logger
        )
        let receiving = configuration.receiving.compactMap { $0.settings.webhook() }
        spool = SpoolService(
            configuration, reports: writer, webhooks: receiving,
            server: { [health] in health.databaseState().server }, metrics: metrics,
            logger: logger)
        maintenance = Maintenance(
            ConnectionPool(configuration.database, maximumCount: 1),
            keepDays: limits.callbackRetentionDays, auditDays: limits.auditRetentionDays,
            ledgerDays: limits.ledgerRetentionDays, inboundDays: limits.inboundRetentionDays,
            quarantine: writer.quarantine,
            metrics: metrics, logger: logger)
        folder = StatisticsFolder(
            ConnectionPool(configuration.database, maximumCount: 1), metrics: metrics,
            logger: logger)

        let ages = ReportAges()
        drift = DriftWatch(
            pool, ages: ages, providers: receiving.map(\.provider),
            name: SubjectName.maker(configuration.kits.traits), metrics: metrics, logger: logger)

        sending = try SendingService(
            configuration, pool, feed: feed, tickets: tickets, metrics: metrics, logger: logger)

        webhooks = WebhookService(configuration, pool, metrics: metrics, logger: logger)
        let callbacks = Self.callbackEndpoints(
            receiving, sink: spool.sink,
            unverified: limits.observedPerHour == 0
                ? nil
                : UnverifiedCallbacks(writer, perHour: limits.observedPerHour, metrics: metrics),
            ages: ages, metrics: metrics, logger: logger)
        people = PeopleService(
            pool, policy: configuration.sessions, singleSignOn: configuration.singleSignOn,
            secrets: secrets, metrics: metrics, logger: logger)
        let liveRoutes = live.routes(people)
        let authenticator = people.authenticator
        let endpoint = APIEndpoint(authenticator: authenticator, logger: logger)
        let healthRoutes = HealthEndpoints(
            database: health, writer: writer, spool: spool.probe, metrics: metrics)
        let reader = MessageStore(
            pool, logger: logger, key: MessageKey.derive(provider:providerMessageID:))
        let processes = ProcessStore(pool, logger: logger)
        exports = try ExportService(configuration, metrics: metrics, logger: logger)
        let list = Self.messageList(
            configuration, reader, pool, exports.messages, logger: logger)
        let apiRoutes =
            healthRoutes.routes(endpoint)
            + MessageEndpoints(reader, list: list).routes(endpoint)
            + StatisticsEndpoints(
                StatisticsStore(pool, logger: logger), providers: configuration.kits.traits,
                meanings: configuration.kits.errors
            ).routes(endpoint)
            + sending.routes(
                endpoint, reader: reader, signer: signer,
                providers: configuration.kits.traits)
            + inbound.routes(
                endpoint, configuration, exports: exports, signer: signer, logger: logger)
            + people.routes(endpoint)
            + webhooks.routes(endpoint, signer: signer, providers: configuration.kits.traits)
            + Self.quarantine(configuration, pool, sink: writer, signer: signer, logger: logger)
            .routes(endpoint)
            + StatusEndpoint(
                version: Version.current, startedAt: .now, database: health, writer: writer,
                spool: spool.probe,
                callbacks: callbacks.map { ($0.traits, $0.statistics) }, sending: sending.probe,
                live: live.probe, processes: processes, alarms: drift, webhooks: webhooks.store
            ).routes(endpoint)
        let openAPI = OpenAPIEndpoint(
            version: Version.current, providers: configuration.kits.traits,
            routes: callbacks.flatMap(\.routes) + apiRoutes + liveRoutes)
        let crossOrigins = CrossOrigins(configuration.corsOrigins)
        // The watchdog uses every socket, so every router has this path.
        let liveness = healthRoutes.liveness(endpoint)
        let routers: [(Listener.Name, Router)] = [
            (.callbacks, Router(callbacks.flatMap(\.routes) + [liveness])),
            (.api, Router(apiRoutes + openAPI.routes(endpoint), crossOrigins: crossOrigins)),
            (.events, Router(liveRoutes + [liveness], crossOrigins: crossOrigins)),
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
                            .warning, "FastCGI incident", limitKey: "\(name) \(incident)",
                            ["socket": "\(name.rawValue)", "incident": "\(incident)"])
                    })
                ServerGauges.register(
                    server, name: name, limit: limits.maxConnections, in: metrics)
                servers.append(server)
            }
        } catch {
            for server in servers { server.stopAccepting() }
            throw CommandFailure("cannot listen: \(error)")
        }
        self.servers = servers
        heartbeat = ProcessHeartbeat(.responder, processes) { [writer, live] in
            let received = callbacks.map { $0.statistics.snapshot(at: .now).callbacksAccepted }
            return [
                .init("callbacks_last_hour", received.reduce(0) { $0 + Int($1.lastHour) }),
                .init("reports_waiting", writer.writerState().queuedReports),
                .init("live_streams", live.probe.liveState.streams),
            ]
        }
        PoolGauges.register(pool, in: metrics)
    }

    /// Whether every socket answers a request now, and attempts to commit end.
    ///
    /// Nothing here waits for the database or for an API request: a process that is busy, or whose
    /// database hangs, is alive.
    ///
    /// - Parameter limit: for all of it.
    /// - Returns: false if it hangs.
    func isLive(within limit: Duration) -> Bool {
        guard !writer.isStuck() else {
            logger.log(.error, "the writer is stuck; the watchdog is not fed")
            return false
        }
        let deadline = ContinuousClock.now + limit
        let silent = Listener.Name.allCases.filter { name in
            !SelfCheck.answers(path: sockets.path(name), within: deadline - .now)
        }
        guard !silent.isEmpty else { return true }
        logger.log(
            .error, "a socket does not answer; the watchdog is not fed",
            ["sockets": "\(silent.map(\.rawValue).joined(separator: " "))"])
        return false
    }

    /// Answers callers that wait for a provider with what is known; no request waits from now on.
    /// Any thread, repeatedly.
    func answerWaiting() {
        sending.answerWaiting()
    }

    /// Stops accepting, finishes what is in flight, commits what waits.
    ///
    /// Returns false if the deadline passed first.
    func drain() -> Bool {
        let deadline = ContinuousClock.now + configuration.limits.drainDeadline
        for server in servers { server.stopAccepting() }
        // Callers that wait for a provider would wait for longer than there is time.
        answerWaiting()
        live.endStreams()
        // Answers follow their commits, so the writer must still run while requests finish.
        let unanswered = servers.reduce(0) { $0 + $1.drain(deadline: deadline) }
        // Not for longer: callbacks wait for the next process by now.
        exports.drain(deadline: min(deadline, .now + .seconds(2)))
        spool.stopDraining(within: .seconds(2))
        let isWritten = writer.stop(
            within: max(.milliseconds(100), deadline - ContinuousClock.now))
        // What the writer could not store on its way out is spooled.
        let isFlushed = spool.stop(within: .seconds(5)) && isWritten
        heartbeat.stop()
        maintenance.stop()
        folder.stop()
        drift.stop()
        inbound.stop()
        sending.stop()
        people.stop()
        webhooks.stop()
        live.stop()
        health.stop()
        healthPool.close()
        pool.close()
        // Lines about suppressed ones come first, so that "stopped" is the last line.
        logger.flush(within: .milliseconds(500))
        logger.log(
            unanswered == 0 && isFlushed ? .info : .error, "stopped",
            ["unanswered_requests": .integer(Int64(unanswered)), "flushed": .flag(isFlushed)])
        return unanswered == 0 && isFlushed
    }

    private static func messageList(
        _ configuration: Configuration, _ reader: MessageStore, _ pool: ConnectionPool,
        _ export: MessageExport, logger: Logger
    ) -> MessageList {
        MessageList(
            reader,
            search: MessageFinder(
                pool, logger: logger, providers: configuration.kits.traits.map(\.provider),
                key: MessageKey.derive(provider:providerMessageID:)),
            cursors: SearchCursors(SigningSecretStore(pool, logger: logger)),
            export: export, providers: configuration.kits.traits)
    }

    private static func quarantine(
        _ configuration: Configuration, _ pool: ConnectionPool, sink: any ReportSink,
        signer: CursorSigner, logger: Logger
    ) -> QuarantineEndpoints {
        let quarantine = QuarantineStore(pool, logger: logger)
        return QuarantineEndpoints(
            quarantine,
            replay: QuarantineReplay(
                quarantine, webhooks: configuration.receiving.compactMap { $0.settings.webhook() },
                sink: sink),
            audit: AuditLog(pool, logger: logger), signer: signer,
            providers: configuration.kits.traits)
    }

    private static func callbackEndpoints(
        _ webhooks: [any WebhookProvider], sink: any ReportSink, unverified: UnverifiedCallbacks?,
        ages: ReportAges, metrics: Metrics, logger: Logger
    ) -> [CallbackEndpoint] {
        webhooks.map {
            CallbackEndpoint(
                $0, sink: sink, unverified: unverified, ages: ages, metrics: metrics,
                logger: logger)
        }
    }
}

extension Configuration.Limits {
    /// How long a request may wait for one of the API's threads. Together with the time that it may
    /// lose to a hanging database, it is answered well before nginx gives up (30 s).
    private static var apiQueueTime: Duration { .seconds(5) }

    /// Threads that look up who opens a stream; as many connections of the streams' pool.
    private static var streamOpeners: Int { 3 }

    /// How long a callback may wait until others are answered. With the commit's deadline it stays
    /// below the 10 s after which nginx gives up.
    private var callbackQueueTime: Duration {
        max(.milliseconds(100), min(.seconds(3), .seconds(9) - commitDeadline))
    }

    /// Callbacks have threads of their own, whatever the load of the API. An API request waits for
    /// the database on its thread; a callback does not, because the writer answers it.
    fileprivate func listener(_ name: Listener.Name) -> Listener.Limits {
        switch name {
        case .callbacks:
            Listener.Limits(
                workers: callbackWorkers, maxConnections: maxConnections, maxInFlight: maxInFlight,
                queueTime: callbackQueueTime)
        case .api:
            Listener.Limits(
                workers: 1, handlers: apiWorkers, maxConnections: maxConnections,
                maxInFlight: maxInFlight, queueTime: Self.apiQueueTime)
        case .events:
            // Streams that are open are not among these; many that come back at once are.
            Listener.Limits(
                workers: 1, handlers: Self.streamOpeners,
                maxConnections: max(maxConnections, 4096), maxInFlight: max(maxInFlight, 4096),
                queueTime: .seconds(10))
        }
    }
}
