import Domain
import Providers
import Sending

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
