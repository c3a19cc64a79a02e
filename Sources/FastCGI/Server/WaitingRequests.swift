/// Complete requests that wait for room, first in, first out. Its owner bounds it.
struct WaitingRequests<Request: WaitingRequest>: Sendable {
    private struct Entry: Sendable {
        let request: Request
        let deadline: ContinuousClock.Instant
    }

    /// Nil where one was taken, so that its body is freed.
    private var entries: [Entry?] = []
    /// Index of the first one that still waits; the array is cut now and then.
    private var head = 0
    /// The bytes of all the bodies.
    private(set) var bytes = 0

    var count: Int { entries.count - head }
    var isEmpty: Bool { head == entries.count }

    /// When the first one has waited too long; all wait for about the same time.
    var nextDeadline: ContinuousClock.Instant? {
        isEmpty ? nil : entries[head].map(\.deadline)
    }

    mutating func add(_ request: Request, until deadline: ContinuousClock.Instant) {
        entries.append(Entry(request: request, deadline: deadline))
        bytes += request.bodyBytes
    }

    mutating func takeFirst() -> Request? {
        guard !isEmpty, let entry = entries[head] else { return nil }
        entries[head] = nil
        head += 1
        bytes -= entry.request.bodyBytes
        if isEmpty {
            entries.removeAll(keepingCapacity: entries.capacity <= 1024)
            head = 0
        } else if head >= 1024 {
            entries.removeFirst(head)
            head = 0
        }
        return entry.request
    }

    mutating func takeOverdue(_ now: ContinuousClock.Instant) -> [Request] {
        var overdue: [Request] = []
        while let deadline = nextDeadline, deadline <= now, let request = takeFirst() {
            overdue.append(request)
        }
        return overdue
    }
}

extension Exchange: WaitingRequest {}
