import Domain
import Providers
import Settings

extension Environment {
    /// The providers of messages whose callers name none: `WAYBILL_ROUTES`, and
    /// `WAYBILL_DEFAULT_PROVIDER` for all other numbers.
    mutating func routing(among kits: ProviderKits = .all) -> Routing {
        let providers = kits.traits
        let named = word(WaybillSettings.defaultProvider(of: kits))
            .flatMap { providers.provider(named: $0) }
        let setting = WaybillSettings.routes(of: kits)
        var rules: [Routing.Rule] = []
        for text in list(setting) {
            guard let rule = Routing.Rule(text, among: providers) else {
                report(
                    setting,
                    "\"\(text)\" is not of the form +41=\(providers[0].provider.name): a number's"
                        + " beginning and one of \(providers.names)")
                continue
            }
            if rules.contains(where: { $0.prefix == rule.prefix }) {
                report(setting, "has two rules for \(rule.prefix)")
            }
            rules.append(rule)
        }
        return Routing(among: providers, fallback: named ?? kits.usual(self), rules: rules)
    }
}

extension Routing {
    /// `infobip, +44 plivo`: for all numbers, and for those that begin so.
    var summary: String {
        ([fallback.name] + rules.map { "\($0.prefix) \($0.provider.name)" })
            .joined(separator: ", ")
    }
}

extension Routing.Rule {
    /// Reads `+41=plivo`; nil for anything else.
    fileprivate init?(_ text: String, among providers: [ProviderTraits]) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].first == "+",
            (1...15).contains(parts[0].dropFirst().utf8.count),
            parts[0].dropFirst().utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }),
            let provider = providers.provider(named: parts[1].lowercased())
        else { return nil }
        self.init(prefix: String(parts[0]), provider: provider)
    }
}
