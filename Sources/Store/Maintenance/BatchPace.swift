/// How many rows the next portion of a long walk takes, and how long to pause before it.
///
/// A pure state machine: each portion's time goes in, the next one's size comes out. Portions grow
/// while they are fast and shrink when they are slow or cancelled; after `mostFailures` in a row
/// the walk ends until the next run.
struct BatchPace {
    /// Rows of the next portion.
    private(set) var size = 1000
    private var failures = 0

    /// How long one portion may take before it is cancelled.
    static let limit = Duration.seconds(5)
    private static let smallest = 10
    private static let largest = 20_000
    private static let quick = Duration.milliseconds(150)
    private static let slow = Duration.milliseconds(500)
    private static let mostFailures = 8

    /// A portion was deleted in this time.
    ///
    /// - Returns: how long to pause: three times as long as it took, so that the walk takes a
    ///   quarter of a core and does not slow callbacks. That still deletes several thousand
    ///   messages a second.
    mutating func succeeded(in duration: Duration) -> Duration {
        failures = 0
        if duration < Self.quick {
            size = min(size * 2, Self.largest)
        } else if duration > Self.slow {
            size = max(size / 2, Self.smallest)
        }
        return min(duration * 3, .seconds(2))
    }

    /// A portion was cancelled or did not get a lock; false if that was often enough.
    mutating func timedOut() -> Bool {
        failures += 1
        size = max(size / 4, Self.smallest)
        return failures < Self.mostFailures
    }
}
