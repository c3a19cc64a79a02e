private import Synchronization

/// A distribution over fixed buckets, and the quantiles of the most recent values.
package final class Histogram: Sendable {
    /// Seconds, from half a millisecond to ten seconds.
    package static let latencyBounds = [
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
    ]

    private struct State {
        var counts: [Int]
        var sum = 0.0
        var recent: [Double] = []
        var next = 0
    }

    private let bounds: [Double]
    private let state: Mutex<State>
    private static let recentCapacity = 1024

    /// - Parameter bounds: the buckets' upper bounds, ascending; one more bucket takes the rest.
    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts one value.
    package func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
            if state.recent.count < Self.recentCapacity {
                state.recent.append(value)
            } else {
                state.recent[state.next] = value
                state.next = (state.next + 1) % Self.recentCapacity
            }
        }
    }

    /// Counts one duration, in seconds.
    package func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        record(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// A quantile of the last 1024 values, nil before the first; 0.99 is the 99th percentile.
    package func quantile(_ fraction: Double) -> Double? {
        let sorted = state.withLock { $0.recent }.sorted()
        guard !sorted.isEmpty else { return nil }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * fraction))]
    }

    /// The counts a bucket, not cumulative, and the sum of all values.
    package func snapshot() -> (counts: [Int], sum: Double) {
        state.withLock { ($0.counts, $0.sum) }
    }
}
