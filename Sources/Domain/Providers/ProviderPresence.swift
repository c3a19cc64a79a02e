/// Whether a dispatcher serves a provider.
package struct ProviderPresence: Sendable, Equatable {
    /// When a dispatcher last confirmed that it does.
    package let seenAt: Timestamp?
    package let stop: ProviderStop?

    package init(seenAt: Timestamp?, stop: ProviderStop?) {
        self.seenAt = seenAt
        self.stop = stop
    }
}

/// A provider's stop, as dispatchers and the administrator see it.
package struct ProviderStop: Sendable, Equatable {
    package let since: Timestamp
    package let problem: ProviderProblem
    /// When one message is tried again.
    package let retryAt: Timestamp

    package init(since: Timestamp, problem: ProviderProblem, retryAt: Timestamp) {
        self.since = since
        self.problem = problem
        self.retryAt = retryAt
    }
}
