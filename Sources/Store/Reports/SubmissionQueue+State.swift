import Domain
import System

extension SubmissionQueue {
    /// The queue's state; the queue acts after unlocking.
    struct State {
        let capacity: Int
        let byteCapacity: Int
        let batch: Int
        let committers: Int
        let crowd: Int
        let deadline: Duration

        /// Nil where an entry was taken, so that its body is freed.
        var entries: [Entry?] = []
        /// Index of the first entry that still waits; the array is cut now and then.
        var head = 0
        /// Deferred entries, which have met locks, and when they are tried again.
        var aside: [Entry] = []
        var asideUntil = ContinuousClock.now
        /// Replays, taken when nothing new waits, and since when the first of them waits. They count
        /// against no bound: whoever replays has few at a time.
        var replays: [Entry] = []
        var replaysSince = ContinuousClock.now
        var reports = 0
        var bytes = 0
        var sleepers = 0
        /// Takers that have not called `finish`.
        var takers = 0
        var isClosed = false
        /// When attempts to commit what was taken began and ended.
        var heartbeat = GroupHeartbeat()
        var forecast: Forecast

        init(
            capacity: Int, byteCapacity: Int, batch: Int, committers: Int, crowd: Int,
            deadline: Duration
        ) {
            self.capacity = capacity
            self.byteCapacity = byteCapacity
            self.batch = batch
            self.committers = committers
            self.crowd = crowd
            self.deadline = deadline
            forecast = Forecast(deadline: deadline)
        }

        var isEmpty: Bool { hasNothingNew && replays.isEmpty }
        var hasNothingNew: Bool { head == entries.count && aside.isEmpty }
        /// How long replays wait for a moment without new entries.
        static let replayPatience: Duration = .milliseconds(500)
    }
}

extension SubmissionQueue.Entry {
    /// What it counts against the bound: its reports, at least one.
    fileprivate var weight: Int { max(1, submission.reports.count + submission.rejects.count) }
}

extension SubmissionQueue.State {
    typealias Entry = SubmissionQueue.Entry

    /// Why an entry is refused; nil if it is not.
    func refusal(of entry: Entry) -> SinkFailure? {
        if isClosed { return .stopping }
        // Few, and their callers try again.
        if entry.submission.archiving == .addIfMissing { return nil }
        if hasNothingNew, takers == 0 { return nil }
        let weight = entry.weight
        let isInBounds =
            reports + weight <= capacity
            && bytes + entry.submission.callback.body.count <= byteCapacity
        guard hasNothingNew || isInBounds else { return .full }
        guard forecast.batch > .zero else { return nil }
        let now = entry.deadline - deadline
        let helpers = reports + weight >= crowd ? committers : 1
        let wait = forecast.wait(
            behind: reports / batch, committers: helpers,
            running: takers >= helpers ? heartbeat.oldestStart.map { now - $0 } : nil)
        // With a margin: an entry that is refused only when it is taken has used the room of
        // others.
        return wait > deadline * 9 / 10 ? .full : nil
    }

    /// Adds an entry at its place.
    mutating func add(_ entry: Entry) {
        if entry.submission.archiving != .addIfMissing {
            entries.append(entry)
            count(entry, 1)
        } else {
            if replays.isEmpty { replaysSince = .now }
            replays.append(entry)
        }
    }

    /// Adds an entry to what waits, or takes it from there.
    mutating func count(_ entry: Entry, _ sign: Int) {
        guard entry.submission.archiving != .addIfMissing else { return }
        reports += sign * entry.weight
        bytes += sign * entry.submission.callback.body.count
    }

    /// Whether a sleeping taker must be woken for waiting entries; counts it as awake.
    mutating func wakesSleeper() -> Bool {
        guard sleepers > 0, hasWork(at: .now) else { return false }
        sleepers -= 1
        return true
    }

    /// Whether there is something to take: for the only taker anything, for a second one only a
    /// crowd.
    func hasWork(at now: ContinuousClock.Instant) -> Bool {
        // At the end all help, rather than sleep until the only taker is done.
        if head < entries.count, takers == 0 || reports >= crowd || isClosed { return true }
        return isAsideDue(at: now) || areReplaysDue(at: now)
    }

    private func areReplaysDue(at now: ContinuousClock.Instant) -> Bool {
        !replays.isEmpty && (takers == 0 && head == entries.count || isReplayOverdue(at: now))
    }

    private func isReplayOverdue(at now: ContinuousClock.Instant) -> Bool {
        !replays.isEmpty && now - replaysSince >= Self.replayPatience
    }

    private func isAsideDue(at now: ContinuousClock.Instant) -> Bool {
        !aside.isEmpty && (asideUntil <= now || (isClosed && head == entries.count))
    }

    mutating func take(
        upTo limit: Int, at now: ContinuousClock.Instant
    ) -> SubmissionQueue.Portion {
        var portion = SubmissionQueue.Portion()
        if isAsideDue(at: now) {
            portion.hasMetLocks = true
            portion.mayHoldReplays = true
            portion.entries = aside
            aside = []
            for entry in portion.entries { count(entry, -1) }
            return portion
        }
        if isReplayOverdue(at: now) || head == entries.count {
            portion.entries = takeReplays(upTo: limit, at: now)
            portion.mayHoldReplays = true
            return portion
        }
        let earliest = now + forecast.batch
        var taken = 0
        while head < entries.count, let entry = entries[head] {
            let isHopeless = entry.deadline <= earliest
            if !isHopeless {
                let weight = entry.weight
                if taken > 0, taken + weight > limit { break }
                taken += weight
                portion.entries.append(entry)
            } else {
                portion.hopeless.append(entry)
            }
            removeHead(entry)
        }
        cutTaken()
        return portion
    }

    private mutating func takeReplays(
        upTo limit: Int, at now: ContinuousClock.Instant
    ) -> [Entry] {
        var weight = 0
        let count = replays.prefix { entry in
            let isFirst = weight == 0
            weight += entry.weight
            return isFirst || weight <= limit
        }.count
        defer {
            replays.removeFirst(count)
            replaysSince = now
        }
        return Array(replays[..<count])
    }

    private mutating func removeHead(_ entry: Entry) {
        count(entry, -1)
        entries[head] = nil
        head += 1
    }

    private mutating func cutTaken() {
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity <= 4096)
            head = 0
        } else if head > 1024 {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Removes overdue entries, or everything.
    mutating func removeExpired(at now: ContinuousClock.Instant?) -> [Entry] {
        func isExpired(_ entry: Entry) -> Bool { now.map { entry.deadline <= $0 } ?? true }
        let waiting = entries[head...].compactMap { $0 }
        let removed = (waiting + aside + replays).filter(isExpired)
        guard !removed.isEmpty else { return [] }
        entries = waiting.filter { !isExpired($0) }
        head = 0
        aside.removeAll(where: isExpired)
        for entry in removed { count(entry, -1) }
        replays.removeAll(where: isExpired)
        return removed
    }
}
