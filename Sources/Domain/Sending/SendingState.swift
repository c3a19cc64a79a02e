/// The state of sending through one provider, for the administrator.
package struct SendingState: Sendable {
    package let provider: Provider
    package let presence: ProviderPresence
    /// Messages by their step.
    package let ready: Int
    package let leased: Int
    package let unsure: Int
    package let awaitingReport: Int
    /// Since when the oldest message that is due waits; nil if none does.
    package let oldestDueAt: Timestamp?
    package let counts: SendCounts

    package init(
        provider: Provider, presence: ProviderPresence, ready: Int, leased: Int, unsure: Int,
        awaitingReport: Int, oldestDueAt: Timestamp?, counts: SendCounts
    ) {
        self.provider = provider
        self.presence = presence
        self.ready = ready
        self.leased = leased
        self.unsure = unsure
        self.awaitingReport = awaitingReport
        self.oldestDueAt = oldestDueAt
        self.counts = counts
    }
}

/// Gives the state of sending, one for each provider.
package protocol SendingProbe: Sendable {
    func sendingStates() throws(StoreFailure) -> [SendingState]
}

extension ProviderPresence {
    /// Whether a dispatcher confirmed within half a minute that it serves the provider.
    package func isServed(at now: Timestamp) -> Bool {
        seenAt.map { now.since($0) <= .seconds(30) } ?? false
    }
}
