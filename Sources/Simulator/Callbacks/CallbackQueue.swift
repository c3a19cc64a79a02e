import Domain

/// One report on a message, not yet sent.
struct CallbackItem: Sendable, Equatable {
    let serial: Int
    let stage: Stage
    /// From 1 on.
    let part: Int
}

/// One request to a callback URL.
struct Delivery: Sendable {
    let api: API
    let url: String
    let usesGet: Bool
    let items: [CallbackItem]
    /// 0 at first.
    var attempt = 0
}

/// When each callback is sent, as a state machine; time is passed in.
///
/// For a provider that sends batches, due reports are collected by URL until a request may be made.
/// `limit` bounds all that waits: beyond it the simulator accepts no more messages.
struct CallbackQueue: Sendable {
    private struct Destination: Hashable {
        let api: API
        let url: String
    }

    private var reports = TimerHeap<CallbackItem>()
    private var retries = TimerHeap<Delivery>()
    /// Due reports that are sent together with others.
    private var gathered: [Destination: [CallbackItem]] = [:]
    private var gatheredCount = 0
    /// Requests that wait for a free slot; those before `readyStart` are taken.
    private var ready: [Delivery] = []
    private var readyStart = 0
    private(set) var inFlight = 0

    /// The most reports that wait.
    private static let limit = 4_000_000
    /// How long reports are collected.
    private static let pace = Duration.milliseconds(20)

    /// Reports that are not in flight.
    var waiting: Int { reports.count + retries.count + gatheredCount + ready.count - readyStart }

    var isFull: Bool { waiting >= Self.limit }

    /// Makes a report due at a time.
    mutating func schedule(_ item: CallbackItem, due: Timestamp) {
        reports.insert(item, due: due)
    }

    /// The next due report; the caller adds it to its destination with `gather`.
    mutating func nextReport(until now: Timestamp) -> CallbackItem? { reports.pop(until: now) }

    /// Adds a due report to those for its URL.
    mutating func gather(_ item: CallbackItem, of record: MessageRecord, url: String) {
        guard record.api.gathersReports else {
            ready.append(
                Delivery(api: record.api, url: url, usesGet: record.usesGet, items: [item]))
            return
        }
        gathered[Destination(api: record.api, url: url), default: []].append(item)
        gatheredCount += 1
    }

    /// The requests that may be made now.
    mutating func take(at now: Timestamp, batch: Int, places: Int) -> [Delivery] {
        while let retry = retries.pop(until: now) { ready.append(retry) }
        var taken: [Delivery] = []
        while inFlight + taken.count < places {
            if readyStart < ready.count {
                taken.append(ready[readyStart])
                readyStart += 1
            } else if let (destination, items) = gathered.first {
                let rest = items.dropFirst(batch)
                gathered[destination] = rest.isEmpty ? nil : Array(rest)
                gatheredCount -= items.count - rest.count
                taken.append(
                    Delivery(
                        api: destination.api, url: destination.url, usesGet: false,
                        items: Array(items.prefix(batch))))
            } else {
                break
            }
        }
        if readyStart > 1024, readyStart * 2 > ready.count {
            ready.removeFirst(readyStart)
            readyStart = 0
        }
        inFlight += taken.count
        return taken
    }

    /// A request was accepted, or is abandoned.
    mutating func finish() { inFlight = max(0, inFlight - 1) }

    /// A request was not accepted; it is made again later.
    mutating func retry(_ delivery: Delivery, due: Timestamp) {
        finish()
        var next = delivery
        next.attempt += 1
        retries.insert(next, due: due)
    }

    /// When to check again; nil if nothing is due before a request ends or a report comes.
    func nextLook(after now: Timestamp, places: Int) -> Timestamp? {
        let isWaiting = readyStart < ready.count || !gathered.isEmpty
        // A slot that becomes free wakes the pump by itself; stages still need their time.
        if isWaiting, inFlight < places { return now.advanced(by: Self.pace) }
        guard let due = [reports.first, retries.first].compactMap({ $0 }).min() else { return nil }
        return max(due, now.advanced(by: Self.pace))
    }

    /// Drops all that waits; requests in flight go on.
    mutating func removeAll() {
        let inFlight = inFlight
        self = CallbackQueue()
        self.inFlight = inFlight
    }
}
