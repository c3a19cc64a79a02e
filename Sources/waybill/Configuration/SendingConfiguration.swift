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

extension SendingConfiguration {
    /// What is configured, as the documentation names it, without secrets.
    var summary: [(name: String, value: String)] {
        var lines: [(String, String)] = []
        if let infobip {
            lines.append(("sending by infobip", "\(infobip.baseURL), \(infobip.version.rawValue)"))
            lines.append(
                (
                    "infobip reports to",
                    infobip.callbackURL.map { "\($0.prefix { $0 != "?" }), with a secret" }
                        ?? "the account's subscriptions"
                ))
            lines.append(("infobip limits", infobipLimits.description))
        } else {
            lines.append(("sending by infobip", "off"))
        }
        if let plivo {
            lines.append(("sending by plivo", plivo.baseURL))
            lines.append(
                (
                    "plivo sender unless named",
                    plivo.powerpackUUID != nil ? "a powerpack" : plivo.defaultSender ?? "none"
                ))
            lines.append(("plivo limits", plivoLimits.description))
        } else {
            lines.append(("sending by plivo", "off"))
        }
        lines.append(
            (
                "attempts",
                "\(common.maxAttempts), \(common.sendTimeout) each, failover"
                    + " \(common.isFailoverOn ? "after \(common.slow)" : "off")"
            ))
        return lines
    }
}

extension SendingConfiguration.Limits: CustomStringConvertible {
    var description: String {
        let rate = rate.map { "\($0) messages a second" } ?? "no rate"
        let slots = reconcile.map { "\(Int($0 / .seconds(1)))" }.joined(separator: ", ")
        return "\(rate), \(concurrency) request(s) of up to \(batch), asked after \(slots) s"
    }
}
