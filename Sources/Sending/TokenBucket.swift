package import Domain

/// Limits a number per minute. Pure: time is passed in.
package struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var tokens: Double
    private var filledAt: Timestamp

    /// - Parameters:
    ///   - perMinute: at least one.
    ///   - now: it starts full, with a tenth of a minute's worth, at least one.
    package init(perMinute: Int, at now: Timestamp) {
        perSecond = Double(max(perMinute, 1)) / 60
        capacity = max(1, Double(perMinute) / 10)
        tokens = capacity
        filledAt = now
    }

    /// How many may pass now.
    package mutating func available(at now: Timestamp) -> Int {
        let seconds = max(.zero, now.since(filledAt)) / .seconds(1)
        tokens = min(capacity, tokens + seconds * perSecond)
        filledAt = max(now, filledAt)
        return max(0, Int(tokens))
    }

    /// So many passed; any beyond the available ones are subtracted later.
    package mutating func take(_ count: Int) { tokens -= Double(count) }
}
