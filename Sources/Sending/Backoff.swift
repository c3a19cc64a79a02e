/// How long to pause before the next attempt: exponential with full jitter, so that messages that
/// failed together are not retried together.
package struct Backoff: Sendable, Equatable {
    package let base: Duration
    package let cap: Duration

    /// - Parameters:
    ///   - base: the bound after the first failure.
    ///   - cap: the longest bound.
    package init(base: Duration = .seconds(1), cap: Duration = .seconds(300)) {
        self.base = base
        self.cap = cap
    }

    /// The longest pause after so many failures in a row, at least one: doubled with each.
    package func bound(failures: Int) -> Duration {
        min(cap, base * (1 << min(max(failures, 1) - 1, 30)))
    }

    /// The pause after so many failures in a row.
    ///
    /// - Parameters:
    ///   - failures: at least one.
    ///   - floor: what the provider asked for, in seconds, at most an hour; the jitter is added to
    ///     it.
    ///   - generator: of the jitter.
    /// - Returns: at least zero, or the floor.
    package func rest(
        failures: Int, floor: Int?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let jitter = bound(failures: failures) * Double.random(in: 0...1, using: &generator)
        guard let floor else { return jitter }
        // Only a little jitter beyond the floor, because the provider has named the time.
        return .seconds(min(max(floor, 0), 3600)) + min(jitter, .seconds(5))
    }
}
