import Domain

extension Environment {
    /// Whom messages go to whose callers name no provider: `WAYBILL_ROUTES`, and
    /// `WAYBILL_DEFAULT_PROVIDER` for all other numbers.
    mutating func routing() -> Routing {
        let fallback = choice("WAYBILL_DEFAULT_PROVIDER", default: onlyProvider())
        var rules: [Routing.Rule] = []
        for text in list("WAYBILL_ROUTES") {
            guard let rule = Routing.Rule(text) else {
                report(
                    "WAYBILL_ROUTES",
                    "\"\(text)\" is not of the form +41=plivo: a number's beginning and one of "
                        + Provider.allCases.map(\.rawValue).joined(separator: ", "))
                continue
            }
            if rules.contains(where: { $0.prefix == rule.prefix }) {
                report("WAYBILL_ROUTES", "has two rules for \(rule.prefix)")
            }
            rules.append(rule)
        }
        return Routing(fallback: fallback, rules: rules)
    }

    /// Plivo where nothing of Infobip's is configured. The responder need not have the keys that
    /// the dispatcher has, so any of a provider's settings counts.
    private mutating func onlyProvider() -> Provider {
        let names = [
            "INFOBIP_API_KEY", "INFOBIP_BASE_URL", "INFOBIP_WEBHOOK_PASSWORD",
            "INFOBIP_WEBHOOK_SECRET", "INFOBIP_WEBHOOK_HEADER_SECRET", "INFOBIP_HMAC_SECRET",
            "INFOBIP_WEBHOOK_URL_SECRET",
        ]
        if names.contains(where: { text($0) != nil }) { return .infobip }
        return text("PLIVO_AUTH_TOKEN") == nil ? .infobip : .plivo
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
