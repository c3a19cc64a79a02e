import Domain

/// One report on a message, on its way.
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

/// When which callback is sent: a state machine, to which time is passed.
///
/// Reports that are due gather by URL, where the provider sends batches, until one of the places for requests
/// is free. All that waits is bounded by `limit`: past it the simulator takes no more messages.
struct CallbackQueue: Sendable {
    private struct Destination: Hashable {
        let api: API
        let url: String
    }

    private var reports = TimerHeap<CallbackItem>()
    private var retries = TimerHeap<Delivery>()
    /// Reports that are due and go out with others.
    private var gathered: [Destination: [CallbackItem]] = [:]
    private var gatheredCount = 0
    /// Requests that wait for a place, those of `ready` before `readyStart` taken.
    private var ready: [Delivery] = []
    private var readyStart = 0
    private(set) var inFlight = 0

    /// The most reports that wait.
    private static let limit = 4_000_000
    /// How long reports may gather.
    private static let pace = Duration.milliseconds(20)

    /// Reports that are not under way.
    var waiting: Int { reports.count + retries.count + gatheredCount + ready.count - readyStart }

    var isFull: Bool { waiting >= Self.limit }

    /// Makes a report due at a time.
    mutating func schedule(_ item: CallbackItem, due: Timestamp) {
        reports.insert(item, due: due)
    }

    /// A report whose time has come; the caller says where it goes by `gather`.
    mutating func nextReport(until now: Timestamp) -> CallbackItem? { reports.pop(until: now) }

    /// Puts a report that is due among those for its URL.
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

    /// A request has been taken, or is given up.
    mutating func finish() { inFlight = max(0, inFlight - 1) }

    /// Nobody took a request; it is made again later.
    mutating func retry(_ delivery: Delivery, due: Timestamp) {
        finish()
        var next = delivery
        next.attempt += 1
        retries.insert(next, due: due)
    }

    /// When to look again; nil if nothing will be due before a request ends or a report comes.
    func nextLook(after now: Timestamp, places: Int) -> Timestamp? {
        let isWaiting = readyStart < ready.count || !gathered.isEmpty
        // A place that gets free is a reason of its own; until then stages go on all the same.
        if isWaiting, inFlight < places { return now.advanced(by: Self.pace) }
        guard let due = [reports.first, retries.first].compactMap({ $0 }).min() else { return nil }
        return max(due, now.advanced(by: Self.pace))
    }

    /// Forgets all that waits; requests under way go on.
    mutating func removeAll() {
        let inFlight = inFlight
        self = CallbackQueue()
        self.inFlight = inFlight
    }
}
