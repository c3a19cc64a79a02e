package import Domain
private import Synchronization
import System
package import Telemetry

/// Sends what is enqueued for webhooks. Any number of processes may run: each webhook is one
/// process's at a time, so that its rate and its concurrency hold, and another one takes it over at
/// once when that process ends.
///
/// An event may be sent twice, never not at all: what was under way when a process died is sent again
/// with the same `webhook-id`.
package final class Deliverer: Sendable {
    struct State {
        var lanes: [WebhookID: WebhookLane] = [:]
        var inFlight = 0
        /// Work may have come.
        var isWoken = true
        /// Settings of webhooks may have changed.
        var mustReload = true
    }

    let settings: DelivererSettings
    let queue: any WebhookQueue
    let resolver: any NameResolver
    let transport: any EgressTransport
    let logger: Logger
    let state = Monitor(State())
    let recorder: DeliveryRecorder
    let thread = ServiceThread("deliverer")
    private let heartbeat = Heartbeat()
    private let registration = Mutex<(number: Int32, holds: @Sendable () -> Bool)?>(nil)

    /// How often settings are read, and shares are weighed.
    private static let takeInterval = Duration.seconds(1)
    /// How often the queue is looked at without a notification.
    private static let pollInterval = Duration.seconds(1)
    /// Looking costs a probe of an index for each webhook.
    private static let shortestInterval = Duration.milliseconds(10)
    private static let restAfterFailure = Duration.seconds(1)
    /// The longest that a round may take, with all its statements.
    private static let roundLimit = Duration.seconds(600)

    /// Starts everything. If the database cannot be reached, work begins when it can.
    ///
    /// - Parameters:
    ///   - settings: how to work.
    ///   - queue: of deliveries.
    ///   - resolver: of hosts.
    ///   - transport: to the egress proxy.
    ///   - logger: gets failures, and what is disabled.
    package init(
        _ settings: DelivererSettings, queue: any WebhookQueue, resolver: any NameResolver,
        transport: any EgressTransport, logger: Logger
    ) {
        self.settings = settings
        self.queue = queue
        self.resolver = resolver
        self.transport = transport
        self.logger = logger
        recorder = DeliveryRecorder(queue, disableAfter: settings.disableAfter, logger: logger)
        recorder.start(
            news: { [weak self] in self?.news(of: $0) ?? [:] },
            stored: { [weak self] in self?.stored($0) },
            disabled: { [weak self] in self?.retire([$0]) })
        thread.startOrAbort { [self] in run() }
    }

    /// Work may have come. Any thread.
    package func wake() {
        state.withLock { $0.isWoken = true }
        thread.wake()
    }

    /// Webhooks may have changed. Any thread.
    package func reload() {
        state.withLock {
            $0.mustReload = true
            $0.isWoken = true
        }
        thread.wake()
    }

    /// Attempts that have no answer yet. Any thread.
    package var inFlight: Int { state.withLock { $0.inFlight } }

    /// How many webhooks are this process's. Any thread.
    package var webhooks: Int { state.withLock { $0.lanes.values.count { !$0.isRetired } } }

    /// The threads that hang; a database or a receiver that is slow is no reason.
    package func stuck(at now: ContinuousClock.Instant = .now) -> [String] {
        (heartbeat.isLate(at: now) ? ["deliverer"] : [])
            + (recorder.heartbeat.isLate(at: now) ? ["recorder"] : [])
    }

    /// Begins nothing more, waits for the attempts under way, records them, and leaves the webhooks
    /// to others.
    ///
    /// - Returns: false if the time was over first; what has no record is sent again by others.
    package func stop(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        thread.stop()
        _ = thread.join(until: end)
        let isQuiet = state.wait(until: end) { $0.inFlight == 0 ? () : nil } != nil
        let isRecorded = recorder.stop(within: max(.milliseconds(100), end - .now))
        if let number = registration.withLock({ $0?.number }) {
            try? queue.release(nil, by: number)
        }
        return isQuiet && isRecorded
    }

    private func run() {
        var nextTake = ContinuousClock.now
        var nextPoll = ContinuousClock.now
        while !thread.isStopping {
            heartbeat.beat(allowing: Self.roundLimit)
            let started = ContinuousClock.now
            do throws(StoreFailure) {
                let mustTake = state.withLock { state in
                    defer { state.mustReload = false }
                    return state.mustReload
                }
                if mustTake || started >= nextTake {
                    try take()
                    nextTake = started + Self.takeInterval
                }
                let isWoken = state.withLock { state in
                    defer { state.isWoken = false }
                    return state.isWoken
                }
                if isWoken || started >= nextPoll {
                    markAll()
                    nextPoll = started + Self.pollInterval
                }
                try fetch()
                begin()
            } catch {
                // The store has logged why.
                heartbeat.beat()
                thread.pause(for: Self.restAfterFailure)
                continue
            }
            heartbeat.beat()
            // As long as the round took once more, so that looking takes half of a connection at most.
            thread.pause(for: max(Self.shortestInterval, .now - started))
            thread.wait(until: min(nextPoll, nextTake, nextChance() ?? nextPoll))
        }
    }

    /// Registers, if it must, and takes its share of the webhooks.
    private func take() throws(StoreFailure) {
        let number: Int32
        if let known = registration.withLock({ $0 }), known.holds() {
            number = known.number
        } else {
            let new = try queue.register()
            registration.withLock { $0 = new }
            number = new.number
            logger.log(
                .info, "registered as a deliverer", ["deliverer": .integer(Int64(number))])
        }
        let (targets, share) = try queue.take(as: number)
        let now = ContinuousClock.now
        let ids = Set(targets.map(\.id))
        let surplus: [WebhookID] = state.withLock { state in
            for target in targets {
                if state.lanes[target.id]?.change(target) == nil {
                    state.lanes[target.id] = WebhookLane(target, at: now)
                }
            }
            for id in state.lanes.keys where !ids.contains(id) { Self.retire(id, &state) }
            guard targets.count > share else { return [] }
            // Only what is idle, so that nothing is sent twice.
            let idle = state.lanes.filter { $0.value.isIdle && !$0.value.isRetired }.map(\.key)
            return Array(idle.prefix(targets.count - share))
        }
        guard !surplus.isEmpty else { return }
        retire(surplus)
        try queue.release(surplus, by: number)
    }

    private func retire(_ ids: [WebhookID]) {
        state.withLock { state in for id in ids { Self.retire(id, &state) } }
    }

    private static func retire(_ id: WebhookID, _ state: inout State) {
        state.lanes[id]?.retire()
        if state.lanes[id]?.isIdle == true { state.lanes[id] = nil }
    }

    private func markAll() {
        state.withLock { state in
            for id in state.lanes.keys { state.lanes[id]?.mayHaveMore = true }
        }
    }

    private func nextChance() -> ContinuousClock.Instant? {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.lanes.values.compactMap { $0.nextChance(at: now) }.min()
        }
    }
}

extension Deliverer {
    /// Fetches what is due of the webhooks that have room.
    private func fetch() throws(StoreFailure) {
        let now = ContinuousClock.now
        var room: [WebhookID: Int] = [:]
        let wanted: [(webhook: WebhookID, count: Int)] = state.withLock { state in
            let held = state.lanes.values.reduce(0) { $0 + $1.held.count }
            guard held < settings.heldLimit else { return [] }
            return state.lanes.compactMap { id, lane in
                let count = lane.room(at: now)
                guard count > 0 else { return nil }
                room[id] = count
                // Those that are held are due as well, and come first.
                return (id, count + lane.held.count)
            }
        }
        guard !wanted.isEmpty else { return }
        let due = Dictionary(grouping: try queue.due(wanted), by: \.webhook)
        let numbers: [Int64] = state.withLock { state in
            wanted.flatMap { id, count -> [Int64] in
                let found = due[id] ?? []
                state.lanes[id]?.mayHaveMore = found.count >= count
                guard let held = state.lanes[id]?.held else { return [] }
                return found.map(\.number).filter { !held.contains($0) }.prefix(room[id] ?? 0)
                    .map { $0 }
            }
        }
        for start in stride(from: 0, to: numbers.count, by: 1000) {
            let portion = Array(numbers[start..<min(start + 1000, numbers.count)])
            let deliveries = try queue.deliveries(portion)
            state.withLock { state in
                for delivery in deliveries { state.lanes[delivery.webhook]?.add(delivery) }
            }
        }
    }

    /// Begins all attempts that may begin; of one webhook, if one is named.
    func begin(_ only: WebhookID? = nil) {
        guard !thread.isStopping else { return }
        let now = ContinuousClock.now
        let begun: [(WebhookDelivery, WebhookLane)] = state.withLock { state in
            var begun: [(WebhookDelivery, WebhookLane)] = []
            for id in only.map({ [$0] }) ?? Array(state.lanes.keys) {
                while state.inFlight < settings.inFlightLimit,
                    let delivery = state.lanes[id]?.next(at: now)
                {
                    state.inFlight += 1
                    if let lane = state.lanes[id] { begun.append((delivery, lane)) }
                }
            }
            return begun
        }
        for (delivery, lane) in begun { attempt(delivery, lane) }
    }

    private func news(of webhooks: Set<WebhookID>) -> [WebhookID: Webhook.Health] {
        let now = ContinuousClock.now
        return state.withLock { state in
            var news: [WebhookID: Webhook.Health] = [:]
            for id in webhooks { news[id] = state.lanes[id]?.takeNews(at: now) }
            return news
        }
    }

    private func stored(_ results: [DeliveryRecorder.Entry]) {
        state.withLock { state in
            for entry in results {
                state.lanes[entry.webhook]?.stored(entry.result.number)
                let lane = state.lanes[entry.webhook]
                if let lane, lane.isRetired, lane.isIdle { state.lanes[entry.webhook] = nil }
            }
        }
        thread.wake()
    }
}
