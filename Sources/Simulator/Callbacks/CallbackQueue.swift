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

    /// How long a provider waits before it calls again, nil if it gives up.
    ///
    /// Infobip: 1 min + 1 min · n², 20 times (not confirmed); Plivo: 60, 120 and 240 s.
    /// Source: providers.md, A.4 and B.4.
    var retryDelay: Duration? {
        switch api {
        case .infobipV2, .infobipV3:
            attempt < 20 ? .seconds(60 + 60 * attempt * attempt) : nil
        case .plivo:
            attempt < 3 ? .seconds(60 << attempt) : nil
        }
    }
}

/// When which callback is sent: a state machine, to which time is passed.
///
/// Reports that are due gather by URL, Infobip's in batches, until one of the places for requests
/// is free. All that waits is bounded by `limit`: past it the simulator takes no more messages.
struct CallbackQueue: Sendable {
    private struct Destination: Hashable {
        let api: API
        let url: String
    }

    private var reports = TimerHeap<CallbackItem>()
    private var retries = TimerHeap<Delivery>()
    /// Infobip's reports that are due.
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
    mutating func gather(_ item: CallbackItem, of record: Record, url: String) {
        guard record.api.provider == .infobip else {
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

    /// A request has ended; if nobody took it, it is made again later.
    ///
    /// - Returns: whether it is given up.
    mutating func finish(
        _ delivery: Delivery, isAcknowledged: Bool, at now: Timestamp, scale: Double
    ) -> Bool {
        inFlight = max(0, inFlight - 1)
        guard !isAcknowledged else { return false }
        guard let delay = delivery.retryDelay else { return true }
        var next = delivery
        next.attempt += 1
        retries.insert(next, due: now.advanced(by: delay * scale))
        return false
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
