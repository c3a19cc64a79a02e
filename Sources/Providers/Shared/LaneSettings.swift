package import Domain
package import Settings

/// The settings that bound how much is sent through a provider; each provider has its own.
package struct LaneSettings: Sendable {
    /// Messages a second.
    package let rate: Setting
    /// Requests at the same time.
    package let concurrency: Setting
    /// Messages in one request.
    package let batchLimit: Setting

    /// - Parameters:
    ///   - traits: the provider's: what the settings are unless set, and how their names begin.
    ///   - group: the provider's heading.
    package init(_ traits: ProviderTraits, in group: Setting.Group) {
        let prefix = traits.settingPrefix
        let usual = traits.usual
        self.rate = Setting(
            "\(prefix)RATE", .rate(default: usual.rate), in: group, readBy: [.dispatch],
            "Messages a second, of all dispatchers together.")
        self.concurrency = Setting(
            "\(prefix)CONCURRENCY", .integer(default: usual.concurrency, in: 1...64), in: group,
            readBy: [.dispatch], "Requests at the same time, of each dispatcher.")
        self.batchLimit = Setting(
            "\(prefix)BATCH_LIMIT", .integer(default: usual.batch, in: 1...1000), in: group,
            readBy: [.dispatch], "Messages in one request.")
    }

    /// All of them, in the order in which they are listed.
    package var all: [Setting] { [rate, concurrency, batchLimit] }
}

extension ProviderTraits {
    /// How the names of the provider's settings begin: `ACME_`.
    package var settingPrefix: String {
        provider.name.uppercased().replacing("-", with: "_") + "_"
    }
}
