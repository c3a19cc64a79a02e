import Domain
import FastCGI
import Postgres
import Providers
import Store
import Telemetry
import Web

/// The live streams with what they need of the database: a pool of their own, and a connection that
/// hears of other processes' changes.
struct LiveService: Sendable {
    private let streams: LiveStreams
    private let pool: ConnectionPool
    private let notifier: PostgresNotifier
    private let listener: NotificationListener
    private let tickets: TicketSigner
    private let providers: [ProviderTraits]
    private let logger: Logger

    /// One for the thread of the streams, the others for those who open some.
    private static let connections = 4
    /// How long clients that do not read may delay the end.
    private static let farewell: Duration = .seconds(2)

    /// - Throws: `CommandFailure` if there are no descriptors left.
    init(
        _ configuration: Configuration, tickets: TicketSigner, metrics: Metrics, logger: Logger
    ) throws(CommandFailure) {
        let pool = ConnectionPool(
            configuration.apiDatabase, maximumCount: Self.connections, maximumWait: .seconds(3))
        self.pool = pool
        self.tickets = tickets
        self.logger = logger
        providers = configuration.kits.traits
        let search = MessageFinder(
            pool, logger: logger, providers: providers.map(\.provider),
            key: MessageKey.derive(provider:providerMessageID:))
        do throws(FastCGIError) {
            streams = try LiveStreams(
                LiveStore(pool, search: search, logger: logger),
                admission: StreamReaderStore(
                    pool, policy: configuration.sessions, logger: logger),
                limits: StreamHub.Limits(
                    maxStreams: configuration.limits.maxStreams, streamBytes: 512 << 10),
                metrics: metrics, logger: logger)
        } catch {
            throw CommandFailure("cannot open live streams: \(error)")
        }
        do throws(PostgresError) {
            listener = try NotificationListener(
                configuration.database, channels: [Channel.changes.rawValue], pulse: Pulse(),
                onConnect: { [streams] in streams.look() },
                onNotification: { [streams] _ in streams.look() },
                onLoss: { error in
                    logger.log(
                        .warning, "other processes' changes are not heard, and looked for",
                        limitKey: "\(error.code)", ["error": "\(error)"])
                })
        } catch {
            throw CommandFailure("cannot listen to the database: \(error)")
        }
        notifier = PostgresNotifier(configuration.database, channel: .changes)
    }

    /// Who is told of this process's changes: its own streams at once, and the other processes.
    var subscribers: [any ChangeSubscriber] { [streams, ChangeNotifier(notifier)] }

    /// What `/v1/status` tells.
    var probe: any LiveProbe { streams }

    func routes(_ people: PeopleService) -> [Router.Route] {
        // Who opens a stream is looked up on the pool of the streams.
        let endpoint = APIEndpoint(
            authenticator: people.authenticator(on: pool), logger: logger)
        return LiveEndpoints(streams, tickets: tickets, providers: providers).routes(endpoint)
    }

    /// Ends all streams; no request waits for one from now on.
    func endStreams() {
        streams.drain(deadline: .now + Self.farewell)
    }

    /// Ends the connections; pending notifications are sent first.
    func stop() {
        listener.stop()
        notifier.stop()
        pool.close()
    }
}
