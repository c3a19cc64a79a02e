import Domain
import Postgres
import Telemetry
import Web

/// All settings of the responder, checked as a whole before anything starts.
struct Configuration {
    /// Where the responder reads and writes.
    let database: ConnectionSettings
    /// The same for the API, with a shorter time limit.
    let apiDatabase: ConnectionSettings
    /// The providers that the program knows.
    let kits: ProviderKits
    /// Those whose callbacks are received, in the same order.
    let receiving: [ReceivingProvider]
    /// The providers of messages whose callers name none.
    let routing: Routing
    /// The origins whose pages may call the API with a key.
    let corsOrigins: [String]
    /// How nginx names users who have signed in elsewhere; nil if it does not.
    let singleSignOn: SingleSignOnSettings?
    /// How long people stay signed in, and who needs a code.
    let sessions: SessionPolicy
    let logLevel: Logger.Level
    let sockets: Sockets
    let limits: Limits
    /// Where callbacks go that the database does not take; nil for nowhere.
    let spool: Spool?
    /// What makes entries of the opt-outs.
    let optOuts: OptOutRules
    /// What is answered to STOP, and to HELP; nil for nothing.
    let answers: (stop: String?, help: String?)
    /// Where webhooks may lead.
    let egress: EgressRules
    /// The hosts, with ports unless usual, that messages may name for a webhook of their own.
    let webhookHosts: Set<String>

    /// The spool's folder and bounds.
    struct Spool {
        let directory: String
        let limitBytes: Int
        let mode: SpoolState.Mode
        let window: Duration
    }

    /// The Unix sockets that we bind ourselves if systemd passes none.
    struct Sockets {
        /// Holds `callbacks.sock`, `api.sock`, `events.sock`.
        let directory: String
        /// The group that may connect (nginx's); nil leaves the process's own.
        let group: String?
    }

    /// The bounds of the process.
    struct Limits {
        let callbackWorkers: Int
        let apiWorkers: Int
        let maxConnections: Int
        let maxInFlight: Int
        let maxStreams: Int
        let writerQueueReports: Int
        let writerConnections: Int
        /// How long a callback may wait for its commit.
        let commitDeadline: Duration
        let poolSize: Int
        let drainDeadline: Duration
        let observedPerHour: Int
        let callbackRetentionDays: Int
        /// Nil for good.
        let ledgerRetentionDays: Int?
        let auditRetentionDays: Int
        let inboundRetentionDays: Int
    }

    /// The providers whose callbacks are authenticated, by their names.
    var providers: [String] {
        receiving.map(\.traits.provider.name)
    }
}
