/// A part of a request, passed from the worker that received it to the one that goes on.
///
/// A class that `take` empties, so that a body of 12 MiB is appended to and never copied: a copy
/// for each of its 50 reads made it six times as slow.
final class RequestPart: @unchecked Sendable {
    // Unchecked because only the worker that has taken its connection takes it, once.
    private var collector: RequestCollector

    /// When its first byte came.
    let arrival: ContinuousClock.Instant
    /// What it holds, in bytes.
    let heldBytes: Int

    /// Takes what a collector holds, and leaves it empty.
    init(taking collector: inout RequestCollector, _ arrival: ContinuousClock.Instant) {
        heldBytes = collector.heldBytes
        self.arrival = arrival
        self.collector = RequestCollector(bodyLimit: 0)
        swap(&self.collector, &collector)
    }

    /// Moves the collector out, so that the request can be continued.
    func take() -> RequestCollector {
        var taken = RequestCollector(bodyLimit: 0)
        swap(&taken, &collector)
        return taken
    }
}
