import Domain
import Postgres
import Providers
import Sending
import Telemetry

/// All settings of the dispatcher, checked as a whole before anything starts.
struct SendingConfiguration {
    let database: ConnectionSettings
    /// Nil if there is no key.
    let infobip: InfobipSending.Settings?
    /// Nil if there are no credentials.
    let plivo: PlivoSending.Settings?
    let infobipLimits: Limits
    let plivoLimits: Limits
    let common: Dispatcher.Settings
    let logLevel: Logger.Level

    /// How much of a provider is used.
    struct Limits {
        /// Messages a second; nil for no limit of ours.
        let rate: Double?
        /// Requests at the same time.
        let concurrency: Int
        /// Messages in one request.
        let batch: Int
        /// When the final status of a message is asked for.
        let reconcile: [Duration]
    }

    /// One for each provider that has credentials.
    var lanes: [Dispatcher.Lane] {
        var lanes: [Dispatcher.Lane] = []
        if let infobip { lanes.append(infobipLimits.lane(InfobipSending(infobip))) }
        if let plivo { lanes.append(plivoLimits.lane(PlivoSending(plivo))) }
        return lanes
    }

    /// The providers that are sent through, by their names.
    var providers: [String] {
        var providers: [Provider] = []
        if infobip != nil { providers.append(.infobip) }
        if plivo != nil { providers.append(.plivo) }
        return providers.map(\.rawValue)
    }

    /// How long a stop may take: the requests in flight, and the writing of what they came to.
    var drainDeadline: Duration { common.sendTimeout + .seconds(10) }
}

extension SendingConfiguration.Limits {
    fileprivate func lane(_ provider: some SendingProvider) -> Dispatcher.Lane {
        Dispatcher.Lane(
            provider: provider, concurrency: concurrency, batchLimit: batch, rate: rate,
            reconcile: reconcile)
    }
}
