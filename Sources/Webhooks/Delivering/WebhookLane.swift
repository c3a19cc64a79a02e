import Domain
import Security

/// The deliveries of one webhook in this process, and when they may go out. Pure: time is passed in.
///
/// A webhook that fails many times in a row gets one attempt at a time, at growing intervals of up to
/// a minute, whatever waits for it; its first success ends that. No delivery is tried earlier than its
/// own schedule says.
struct WebhookLane {
    private(set) var target: WebhookTarget
    private(set) var keys: [WebhookKey] = []
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var health: Webhook.Health
    /// Whether `health` says more than what is stored.
    private(set) var hasNews = false
    private var waiting: ArraySlice<WebhookDelivery> = []
    /// Those that wait, are under way, or whose results are not stored yet.
    private(set) var held: Set<Int64> = []
    private(set) var inFlight = 0
    private var failures = 0
    /// Requests that may be under way; it grows with successes, so that a webhook that does not answer
    /// takes few.
    private var width = startWidth
    private var restsUntil: ContinuousClock.Instant
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant
    private var toldAt: ContinuousClock.Instant
    /// Whether the queue may hold more than what is here.
    var mayHaveMore = true
    /// Whether it is no longer this process's: what is under way ends, nothing else begins.
    private(set) var isRetired = false

    private static let failuresBeforeRest = 5
    private static let failuresBeforeNarrow = 3
    private static let shortestRest = Duration.milliseconds(250)
    private static let longestRest = Duration.seconds(60)
    private static let throttledRest = Duration.seconds(1)
    private static let longestWish = Duration.seconds(600)
    /// How often a success is stored that changes nothing else.
    private static let successInterval = Duration.seconds(10)
    private static let startWidth = 2
    private static let windows = 64...1000

    init(_ target: WebhookTarget, at now: ContinuousClock.Instant) {
        self.target = target
        health = Webhook.Health(failingSince: target.failingSince)
        restsUntil = now
        tokens = Double(target.rate.map { max(1, $0 / 10) } ?? 0)
        filledAt = now
        toldAt = now
        change(target)
    }

    /// Takes over changed settings; it is this process's again.
    mutating func change(_ target: WebhookTarget) {
        let isSame = target.secrets == self.target.secrets && !keys.isEmpty
        self.target = target
        isRetired = false
        headers = EgressRequest.headers(target.headers)
        guard !isSame else { return }
        keys = target.secrets.compactMap { secret in
            switch secret.kind {
            case .shared: try? WebhookKey(shared: secret.bytes)
            case .keyPair: try? WebhookKey(private: secret.bytes)
            }
        }
    }

    /// It is another process's now: what waits here is left to that one.
    mutating func retire() {
        isRetired = true
        for delivery in waiting { held.remove(delivery.number) }
        waiting = []
    }

    /// Whether nothing of it is here.
    var isIdle: Bool { held.isEmpty }

    /// How many deliveries to fetch now; 0 while it rests, or while enough are here.
    func room(at now: ContinuousClock.Instant) -> Int {
        guard !isRetired, mayHaveMore, restsUntil <= now else { return 0 }
        let window = self.window
        return held.count * 2 <= window ? window - held.count : 0
    }

    /// The most that are held.
    private var window: Int {
        guard failures < Self.failuresBeforeNarrow else { return 2 }
        let usual = min(
            max(target.concurrency * 16, Self.windows.lowerBound), Self.windows.upperBound)
        return target.rate.map { min(usual, max(2, $0 * 2)) } ?? usual
    }

    mutating func add(_ delivery: WebhookDelivery) {
        if !isRetired, held.insert(delivery.number).inserted { waiting.append(delivery) }
    }

    /// The next delivery that may go out now.
    mutating func next(at now: ContinuousClock.Instant) -> WebhookDelivery? {
        guard !isRetired, restsUntil <= now, inFlight < min(width, target.concurrency),
            !waiting.isEmpty
        else { return nil }
        if let rate = target.rate {
            let gained = max(.zero, now - filledAt) / .seconds(1) * Double(rate)
            tokens = min(Double(max(1, rate / 10)), tokens + gained)
            filledAt = now
            guard tokens >= 1 else { return nil }
            tokens -= 1
        }
        inFlight += 1
        return waiting.popFirst()
    }

    /// When `next` or `room` may say more than now, without anything happening; nil if only an event
    /// changes that.
    func nextChance(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        if isRetired { return nil }
        if restsUntil > now { return restsUntil }
        guard let rate = target.rate, !waiting.isEmpty, inFlight < width else { return nil }
        return now + .seconds(max(0.001, (1 - tokens) / Double(rate)))
    }

    /// An attempt has ended.
    mutating func ended(
        _ verdict: Verdict, wish: Duration?, at now: ContinuousClock.Instant, time: Timestamp
    ) {
        inFlight -= 1
        guard !verdict.isDelivered else {
            failures = 0
            restsUntil = now
            width = min(max(width, Self.startWidth) + 1, target.concurrency)
            let isMended = health.failingSince != nil
            health = Webhook.Health(
                failingSince: nil, succeededAt: time, failedAt: health.failedAt,
                failure: health.failure)
            if isMended || now - toldAt > Self.successInterval { hasNews = true }
            return
        }
        failures += 1
        hasNews = true
        health = Webhook.Health(
            failingSince: health.failingSince ?? time, succeededAt: health.succeededAt,
            failedAt: time, failure: verdict.problem)
        if failures >= Self.failuresBeforeNarrow { narrow() }
        if failures >= Self.failuresBeforeRest {
            let doublings = min(failures - Self.failuresBeforeRest, 8)
            restsUntil = now + min(Self.shortestRest * (1 << doublings), Self.longestRest)
        }
        if verdict.isThrottled {
            restsUntil = max(restsUntil, now + min(wish ?? Self.throttledRest, Self.longestWish))
        }
    }

    /// Leaves what waits in the queue: it would take the room of webhooks that work.
    private mutating func narrow() {
        width = 1
        for delivery in waiting.dropFirst() { held.remove(delivery.number) }
        if waiting.count > 1 { mayHaveMore = true }
        waiting = waiting.prefix(1)
    }

    /// What to store of how it is; nil if that is known.
    mutating func takeNews(at now: ContinuousClock.Instant) -> Webhook.Health? {
        guard hasNews else { return nil }
        hasNews = false
        toldAt = now
        return health
    }

    /// The result of a delivery is stored.
    mutating func stored(_ number: Int64) { held.remove(number) }
}
