/// When a delivery is tried again. Pure.
package struct RetrySchedule: Sendable {
    /// The pause after each failure; after one more failure the delivery is given up.
    package let pauses: [Duration]
    /// The part of a pause by which it is longer or shorter, so that deliveries that failed together
    /// do not come together again.
    package let jitter: Double

    /// Source: Standard Webhooks 1.0.0, "Deliverability and reliability", which shows much the same.
    package static let usual = RetrySchedule(
        pauses: [
            .seconds(5), .seconds(60), .seconds(300), .seconds(1800), .seconds(7200),
            .seconds(18_000), .seconds(36_000), .seconds(50_400), .seconds(72_000),
            .seconds(86_400),
        ], jitter: 0.2)

    /// The longest that a receiver may ask for.
    private static let longestWish = Duration.seconds(86_400)

    package init(pauses: [Duration], jitter: Double) {
        self.pauses = pauses
        self.jitter = jitter
    }

    /// The pause after a failure; nil if it was the last attempt.
    ///
    /// - Parameters:
    ///   - attempt: which one failed, from 1 on.
    ///   - wish: what `Retry-After` asked for. It prolongs the pause, by a day at most, and never
    ///     shortens it: attempts would be used up within minutes.
    ///   - generator: of the jitter.
    /// - Returns: how long to wait.
    package func pause(
        afterAttempt attempt: Int, wish: Duration?,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard pauses.indices.contains(attempt - 1) else { return nil }
        let pause = pauses[attempt - 1]
        let varied = pause * Double.random(in: 1 - jitter...1 + jitter, using: &generator)
        guard let wish, wish > varied else { return varied }
        // Only later, since the receiver named the time.
        return min(wish, Self.longestWish) + min(pause, .seconds(5)) * Double.random(in: 0...jitter)
    }
}
