import Domain
import Postgres
import Providers
import Store
import Telemetry
import Web

/// The parts that messages from people and opt-outs need.
struct InboundService: Sendable {
    /// Does what messages from people cause; the writer wakes it.
    let follower: InboundFollower
    private let pool: ConnectionPool
    private let followerPool: ConnectionPool

    /// - Parameters:
    ///   - configuration: the answers to STOP and HELP.
    ///   - pool: of the API.
    ///   - feed: gets what is committed.
    ///   - metrics: where it counts.
    ///   - logger: told of failures.
    init(
        _ configuration: Configuration, _ pool: ConnectionPool, feed: ChangeFeed,
        metrics: Metrics, logger: Logger
    ) {
        self.pool = pool
        followerPool = ConnectionPool(configuration.database, maximumCount: 1)
        let service = Requester.commandLine.principal
        follower = InboundFollower(
            followerPool,
            replies: InboundReplies(
                confirmation: configuration.answers.stop, help: configuration.answers.help,
                submitter: Submitter(id: service.id, name: "waybill"),
                key: MessageKey.derive(sendRequest:recipient:)),
            feed: feed, metrics: metrics, logger: logger)
    }

    func routes(
        _ endpoint: APIEndpoint, _ configuration: Configuration, exports: ExportService,
        signer: CursorSigner, logger: Logger
    ) -> [Router.Route] {
        let providers = configuration.kits.traits
        return InboundEndpoints(
            InboundStore(pool, logger: logger), exported: exports.inbound, signer: signer,
            export: exports.lists, providers: providers
        ).routes(endpoint)
            + OptOutEndpoints(
                OptOutStore(pool, logger: logger), exported: exports.optOuts, signer: signer,
                export: exports.lists, providers: providers
            ).routes(endpoint)
    }

    func stop() {
        follower.stop()
        followerPool.close()
    }
}
