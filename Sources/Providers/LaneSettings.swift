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
    ///   - prefix: what the settings' names begin with, such as `PLIVO`.
    ///   - group: the provider's heading.
    ///   - rate: nil for no limit unless set.
    ///   - concurrency: unless set.
    ///   - batchLimit: unless set.
    package init(
        prefix: String, in group: Setting.Group, rate: Double?, concurrency: Int, batchLimit: Int
    ) {
        self.rate = Setting(
            "\(prefix)_RATE", .rate(default: rate), in: group, readBy: [.dispatch],
            "Messages a second, of all dispatchers together.")
        self.concurrency = Setting(
            "\(prefix)_CONCURRENCY", .integer(default: concurrency, in: 1...64), in: group,
            readBy: [.dispatch], "Requests at the same time, of each dispatcher.")
        self.batchLimit = Setting(
            "\(prefix)_BATCH_LIMIT", .integer(default: batchLimit, in: 1...1000), in: group,
            readBy: [.dispatch], "Messages in one request.")
    }

    /// All of them, in the order in which they are listed.
    package var all: [Setting] { [rate, concurrency, batchLimit] }
}
