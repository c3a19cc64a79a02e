import Domain
import Postgres
import Providers
import Store
import Telemetry
import Web

/// The parts that the API needs to accept messages and to show the state of sending.
struct SendingService: Sendable {
    let probe: any SendingProbe
    private let queue: any MessageQueue
    private let deadLetters: any DeadLetters
    private let notifier: PostgresNotifier
    private let watch: SendWatch
    private let listener: NotificationListener
    private let routing: Routing
    private let tickets: TicketSigner
    private let webhooks: WebhookHosts

    /// - Throws: `CommandFailure` if there are no descriptors left.
    init(
        _ configuration: Configuration, _ pool: ConnectionPool, feed: ChangeFeed,
        tickets: TicketSigner,
        metrics: Metrics, logger: Logger
    ) throws(CommandFailure) {
        routing = configuration.routing
        self.tickets = tickets
        webhooks = WebhookHosts(
            hosts: configuration.webhookHosts, rules: configuration.egress)
        probe = SendingStates(pool, logger: logger)
        queue = SendQueue(pool, feed: feed, logger: logger)
        deadLetters = DeadLetterStore(pool, feed: feed, logger: logger)
        let watch = SendWatch(queue, logger: logger)
        do {
            listener = try NotificationListener(
                configuration.database, channels: [Channel.sent.rawValue],
                onConnect: { watch.wake() }, onNotification: { _ in watch.wake() })
        } catch {
            throw CommandFailure("cannot listen to the database: \(error)")
        }
        self.watch = watch
        notifier = PostgresNotifier(configuration.database, channel: .outbox)
        SendingGauges.register(probe, in: metrics)
        SendingGauges.register(watch, in: metrics)
    }

    func routes(
        _ endpoint: APIEndpoint, reader: any MessageReader, signer: CursorSigner,
        providers: [ProviderTraits]
    ) -> [Router.Route] {
        SendEndpoint(
            queue: queue, watch: watch, notifier: notifier, routing: routing,
            tickets: tickets, webhooks: webhooks, key: MessageKey.derive(sendRequest:recipient:)
        ).routes(endpoint)
            + CancelEndpoint(queue: queue, reader: reader).routes(endpoint)
            + DeadLetterEndpoints(
                deadLetters, reader: reader, notifier: notifier, signer: signer,
                providers: providers
            ).routes(endpoint)
    }

    /// Answers waiting callers with what is known; no request waits from now on.
    func answerWaiting() {
        watch.stop()
    }

    /// Ends the connections; pending notifications are sent first.
    func stop() {
        listener.stop()
        notifier.stop()
    }
}
