import Domain
import Postgres
import Store
import Telemetry
import Web
import Webhooks

/// What the responder needs to manage webhooks; `waybill deliver` sends.
struct WebhookService: Sendable {
    let store: WebhookStore
    private let resolver: HostResolver
    private let notifier: PostgresNotifier
    private let rules: EgressRules

    /// - Parameters:
    ///   - configuration: of the responder.
    ///   - pool: where webhooks are kept.
    ///   - metrics: gets the state of webhooks.
    ///   - logger: gets failed queries.
    init(
        _ configuration: Configuration, _ pool: ConnectionPool, metrics: Metrics, logger: Logger
    ) {
        store = WebhookStore(pool, logger: logger)
        // Few people make webhooks at the same time.
        resolver = HostResolver(threads: 1)
        notifier = PostgresNotifier(configuration.database, channel: .webhooks)
        rules = configuration.egress
        WebhookGauges.register(store, in: metrics)
    }

    func routes(
        _ endpoint: APIEndpoint, signer: CursorSigner, providers: [ProviderTraits]
    ) -> [Router.Route] {
        WebhookEndpoints(
            store, check: ResolvingCheck(rules: rules, resolver: resolver), notifier: notifier,
            providers: providers
        ).routes(endpoint)
            + DeliveryEndpoints(store, notifier: notifier, signer: signer).routes(endpoint)
    }

    /// Ends the threads; a pending notification is sent first.
    func stop() {
        resolver.stop()
        notifier.stop()
    }
}

/// Asks for a host's addresses, and checks them all.
struct ResolvingCheck: EgressCheck {
    let rules: EgressRules
    let resolver: HostResolver

    /// Well below the time after which nginx gives up.
    private static let patience = Duration.seconds(8)

    func objection(to url: WebhookURL) -> String? {
        switch resolver.resolve(url.host, within: Self.patience) {
        case .failure(let failure): failure.text
        case .success(let addresses): rules.objection(toAnyOf: addresses)
        }
    }
}
