/// How long to rest before the next attempt: exponential with full jitter, so that what failed
/// together does not come back together.
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

    /// The longest rest after so many failures in a row, at least one: doubled with each.
    package func bound(failures: Int) -> Duration {
        min(cap, base * (1 << min(max(failures, 1) - 1, 30)))
    }

    /// The rest after so many failures in a row.
    ///
    /// - Parameters:
    ///   - failures: at least one.
    ///   - floor: what the provider asked for, in seconds; the jitter comes on top of it, up to
    ///     an hour.
    ///   - generator: of the jitter.
    /// - Returns: at least nothing, or the floor.
    package func rest(
        failures: Int, floor: Int?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let jitter = bound(failures: failures) * Double.random(in: 0...1, using: &generator)
        guard let floor else { return jitter }
        // Past the floor only a little: the provider has said when.
        return .seconds(min(max(floor, 0), 3600)) + min(jitter, .seconds(5))
    }
}
