import Domain

/// Two providers that tests send through and hear from: one takes our ids and all that we accept, the
/// other has its own names, needs ours in its callbacks' paths, and takes less.
extension Provider {
    static let infobip = ProviderTraits.infobip.provider
    static let plivo = ProviderTraits.plivo.provider
    static let samples = [Provider.infobip, .plivo]
}

extension ProviderTraits {
    static let infobip = ProviderTraits(
        provider: Provider(code: 1, name: "infobip", messageNames: .ours), title: "Infobip",
        messageIDField: "messageId", retryHorizon: .seconds(2490 * 60),
        lookUpHorizon: .seconds(48 * 3600), usual: usual)

    static let plivo = ProviderTraits(
        provider: Provider(code: 2, name: "plivo", messageNames: .itsUUIDs), title: "Plivo",
        messageIDField: "MessageUUID", callbackPaths: .withOurIDs, refusal: .forbidden,
        retryHorizon: .seconds(420), lookUpHorizon: .seconds(90 * 86_400),
        limits: SendLimits(
            numberDigits: 14, septets: 1600, codeUnits: 737,
            segments: SegmentLimits(gsm7: 10, ucs2: 11), wantsLetterInName: true),
        usual: usual)

    static let samples = [ProviderTraits.infobip, .plivo]

    private static let usual = UsualSending(rate: nil, concurrency: 1, batch: 1, reconcile: [])

    static func of(_ provider: Provider) -> ProviderTraits {
        samples.first { $0.provider == provider } ?? .infobip
    }
}

extension Routing {
    /// Among both.
    init(fallback: Provider, rules: [Rule] = []) {
        self.init(among: ProviderTraits.samples, fallback: fallback, rules: rules)
    }
}
