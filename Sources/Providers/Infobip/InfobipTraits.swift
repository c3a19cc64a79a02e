package import Domain

extension Provider {
    /// Infobip: the sender chooses a message's `messageId`.
    package static let infobip = Provider(code: 1, name: "infobip", messageNames: .ours)
}

extension ProviderTraits {
    /// Infobip.
    ///
    /// It repeats a callback 20 times after `1 min + 1 min · n²` (assumed, not confirmed), and its
    /// logs go back 48 hours. It documents no bound for the messages in a request.
    /// Source: Infobip's documentation of notification profiles and of the SMS logs.
    package static let infobip = ProviderTraits(
        provider: .infobip, title: "Infobip", messageIDField: "messageId",
        retryHorizon: .seconds(2490 * 60), lookUpHorizon: .seconds(48 * 3600),
        optOutSigns: OptOutSigns(
            errors: ["573", "603", "604", "2050", "2052"], statuses: [10, 14]),
        usual: UsualSending(
            rate: nil, concurrency: 4, batch: 500,
            reconcile: [.seconds(3600), .seconds(12 * 3600), .seconds(40 * 3600)]))
}
