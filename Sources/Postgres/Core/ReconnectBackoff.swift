/// How long to pause between attempts to connect: exponential, with full jitter, capped.
///
/// Full jitter (anything from zero to the bound) spreads processes that lost the server at the same
/// moment.
/// Source: Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
package struct ReconnectBackoff: Sendable {
    /// The bound after the first failure.
    package let first: Duration
    /// The largest bound.
    package let cap: Duration

    /// The defaults are short, since a refused connect costs little and callers wait for the
    /// server.
    ///
    /// - Parameters:
    ///   - first: the bound after the first failure.
    ///   - cap: the largest bound.
    package init(first: Duration = .milliseconds(20), cap: Duration = .seconds(1)) {
        self.first = first
        self.cap = cap
    }

    /// The longest pause after so many failures in a row.
    ///
    /// - Parameter failures: how many, at least one.
    /// - Returns: the bound, doubled with each failure.
    package func bound(failures: Int) -> Duration {
        min(cap, first * (1 << min(max(failures, 1) - 1, 20)))
    }

    /// The pause after so many failures in a row.
    ///
    /// - Parameters:
    ///   - failures: how many, at least one.
    ///   - jitter: from 0 to 1, random.
    /// - Returns: from zero to the bound.
    package func rest(failures: Int, jitter: Double) -> Duration {
        bound(failures: failures) * jitter
    }
}
