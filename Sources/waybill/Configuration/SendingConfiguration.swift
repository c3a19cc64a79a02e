import Domain
import Postgres
import Providers
import Sending
import Telemetry

/// All settings of the dispatcher, checked as a whole before anything starts.
struct SendingConfiguration {
    let database: ConnectionSettings
    /// The providers that the program knows.
    let kits: ProviderKits
    /// Those that are sent through, in the same order.
    let sending: [SendingProviderSettings]
    let common: Dispatcher.Settings
    /// What makes entries of the opt-outs.
    let optOuts: OptOutRules
    let logLevel: Logger.Level

    /// The bounds of using a provider.
    struct Limits {
        /// Messages a second; nil for no limit of ours.
        let rate: Double?
        /// Requests at the same time.
        let concurrency: Int
        /// Messages in one request.
        let batch: Int
        /// When the final status of a message is queried.
        let reconcile: [Duration]
    }

    /// One for each provider that has credentials.
    var lanes: [Dispatcher.Lane] { sending.map { $0.limits.lane($0.settings.sending()) } }

    /// The providers that are sent through, by their names.
    var providers: [String] { sending.map(\.traits.provider.name) }

    /// How long a stop may take: the requests in flight, and recording their results.
    var drainDeadline: Duration { common.sendTimeout + .seconds(10) }
}

extension SendingConfiguration.Limits {
    fileprivate func lane(_ provider: any SendingProvider) -> Dispatcher.Lane {
        Dispatcher.Lane(
            provider: provider, concurrency: concurrency, batchLimit: batch, rate: rate,
            reconcile: reconcile)
    }
}
