import Domain
import Providers
import Sending

extension SendingConfiguration {
    /// What is configured, as the documentation names it, without secrets.
    var summary: [(name: String, value: String)] {
        var lines: [(String, String)] = []
        for kit in kits.list {
            let name = kit.provider.name
            guard let provider = sending.first(where: { $0.traits.provider == kit.provider }) else {
                lines.append(("sending by \(name)", "off"))
                continue
            }
            lines += provider.settings.summary + [("\(name) limits", "\(provider.limits)")]
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
