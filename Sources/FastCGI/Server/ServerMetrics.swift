internal import Synchronization

/// The numbers of one server at one moment.
package struct ServerMetrics: Sendable, Equatable {
    /// Connections accepted since the start.
    package let acceptedConnections: Int
    /// Connections open now, idle ones included, streams handed over not.
    package let openConnections: Int
    /// Requests handed to the handler since the start.
    package let requests: Int
    /// Requests being read or not yet answered, without those that wait.
    package let inFlight: Int
    /// Complete requests that wait for room, or for a handler.
    package let waiting: Int
    /// Workers that are not waiting for an event.
    package let busyWorkers: Int
    /// Connections closed since the start because of what came in.
    package let protocolErrors: Int
    /// Requests that did not come, and writes that stalled, past the limit since the start.
    package let timeouts: Int
    /// Requests refused since the start, because they waited too long or too many did.
    package let refused: Int
    /// How often since the start a connection came while the bound was reached.
    package let exhaustions: Int
}

/// Counters that any thread adds to without a lock; their values may be of different moments.
final class ServerCounters: Sendable {
    private let values = Values()

    private struct Values: ~Copyable, Sendable {
        let accepted = Atomic<Int>(0)
        let requests = Atomic<Int>(0)
        let busyWorkers = Atomic<Int>(0)
        let protocolErrors = Atomic<Int>(0)
        let timeouts = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
        let exhaustions = Atomic<Int>(0)
    }

    func accepted() { values.accepted.add(1, ordering: .relaxed) }
    func request() { values.requests.add(1, ordering: .relaxed) }
    func workerWakes() { values.busyWorkers.add(1, ordering: .relaxed) }
    func workerRests() { values.busyWorkers.subtract(1, ordering: .relaxed) }

    func count(_ incident: Incident) {
        switch incident {
        case .malformedRequest: values.protocolErrors.add(1, ordering: .relaxed)
        case .timedOut: values.timeouts.add(1, ordering: .relaxed)
        case .refused: values.refused.add(1, ordering: .relaxed)
        case .connectionsExhausted: values.exhaustions.add(1, ordering: .relaxed)
        case .answeredTwice, .dropped, .answerLost, .acceptFailed: break
        }
    }

    func metrics(open: Int, inFlight: Int, waiting: Int) -> ServerMetrics {
        ServerMetrics(
            acceptedConnections: values.accepted.load(ordering: .relaxed),
            openConnections: open,
            requests: values.requests.load(ordering: .relaxed),
            inFlight: inFlight,
            waiting: waiting,
            busyWorkers: values.busyWorkers.load(ordering: .relaxed),
            protocolErrors: values.protocolErrors.load(ordering: .relaxed),
            timeouts: values.timeouts.load(ordering: .relaxed),
            refused: values.refused.load(ordering: .relaxed),
            exhaustions: values.exhaustions.load(ordering: .relaxed))
    }
}
