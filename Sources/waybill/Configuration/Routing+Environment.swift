import Domain
import Providers
import Settings

extension Environment {
    /// Which provider messages go to whose senders name none: `WAYBILL_ROUTES`, and
    /// `WAYBILL_DEFAULT_PROVIDER` for all other numbers.
    mutating func routing() -> Routing {
        let named = word(WaybillSettings.defaultProvider).flatMap(Provider.init(rawValue:))
        let setting = WaybillSettings.routes
        var rules: [Routing.Rule] = []
        for text in list(setting) {
            guard let rule = Routing.Rule(text) else {
                report(
                    setting,
                    "\"\(text)\" is not of the form +41=plivo: a number's beginning and one of "
                        + Provider.allCases.map(\.rawValue).joined(separator: ", "))
                continue
            }
            if rules.contains(where: { $0.prefix == rule.prefix }) {
                report(setting, "has two rules for \(rule.prefix)")
            }
            rules.append(rule)
        }
        return Routing(fallback: named ?? onlyProvider(), rules: rules)
    }

    /// Plivo where nothing of Infobip's is configured. The responder need not have the keys that
    /// the dispatcher has, so any of a provider's settings counts.
    private func onlyProvider() -> Provider {
        let settings = [
            InfobipSettings.apiKey, InfobipSettings.baseURL, InfobipSettings.webhookPassword,
            InfobipSettings.webhookSecret, InfobipSettings.webhookHeaderSecret,
            InfobipSettings.hmacSecret, InfobipSettings.webhookURLSecret,
        ]
        if settings.contains(where: isGiven) { return .infobip }
        return isGiven(PlivoSettings.authToken) ? .plivo : .infobip
    }
}

extension Routing {
    /// `infobip, +44 plivo`: for all numbers, and for those that begin so.
    var summary: String {
        ([fallback.rawValue] + rules.map { "\($0.prefix) \($0.provider.rawValue)" })
            .joined(separator: ", ")
    }
}

extension Routing.Rule {
    /// Reads `+41=plivo`; nil for anything else.
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first == "+",
            (1...15).contains(parts[0].dropFirst().utf8.count),
            parts[0].dropFirst().utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }),
            let provider = Provider(rawValue: parts[1].lowercased())
        else { return nil }
        self.init(prefix: String(parts[0]), provider: provider)
    }
}
