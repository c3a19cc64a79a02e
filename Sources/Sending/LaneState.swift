import Domain

/// The state of a lane's requests and its provider. Pure; under the lane's lock.
struct LaneState: Sendable {
    /// What may be leased now.
    struct Plan: Sendable, Equatable {
        /// Which messages, and for how many requests, in this order.
        var portions: [Portion] = []
        /// When to ask again if nothing may be leased.
        var nextAt: Timestamp?
    }

    struct Portion: Sendable, Equatable {
        let choice: LeaseRequest.Choice
        let requests: Int
    }

    /// The part of the queue that a request's messages came from.
    struct Origin: Sendable, Equatable {
        var isElsewhere = false
        var isApart = false
    }

    var health = ProviderHealth()
    var pace = LeasePace()
    /// Grows with every change of a stop; those that are not yet written.
    var stopGeneration = 0
    var unwrittenStops = 0
    private(set) var inFlight = 0
    private var atBeginning = 0
    private var apart = 0
    /// With one request at a time, the origins alternate.
    private var last = Origin()
    private var startedAt: [LeaseID: ContinuousClock.Instant] = [:]
    /// The first digits of the recipients of messages that failed lately.
    private var failed: [String] = []

    private static let mostFailed = 16
    /// `+` and three digits: enough for any country code.
    private static let prefixLength = 4

    /// What may be leased now.
    ///
    /// - Parameters:
    ///   - concurrency: the most requests at the same time.
    ///   - now: the time.
    ///   - chance: random, 0 to 1.
    /// - Returns: nothing, if no request may be made.
    func plan(_ concurrency: Int, at now: Timestamp, chance: Double) -> Plan {
        let allowance = health.allowance(of: concurrency - inFlight, at: now)
        guard allowance.requests > 0 else { return Plan(nextAt: allowance.nextAt) }
        guard let trial = allowance.trial else {
            return Plan(portions: portions(allowance.requests, concurrency, at: now))
        }
        // Not the oldest message: it may be the one that the provider failed on.
        let choice = LeaseRequest.Trial(
            isFresh: trial.isFresh, place: trial.number.isMultiple(of: 2) ? nil : chance,
            avoiding: failed)
        return Plan(
            portions: [Portion(choice: .trial(choice), requests: 1)], nextAt: allowance.nextAt)
    }

    /// After a failure half of the requests skip the beginning of the queue.
    private func portions(_ free: Int, _ concurrency: Int, at now: Timestamp) -> [Portion] {
        guard health.isCautious(at: now) else { return [Portion(choice: .oldest, requests: free)] }
        let most =
            concurrency == 1 ? (last.isElsewhere ? 1 : 0) : concurrency / 2 - atBeginning
        let oldest = min(free, max(0, most))
        return [
            Portion(choice: .newest, requests: free - oldest),
            Portion(choice: .oldest, requests: oldest),
        ].filter { $0.requests > 0 }
    }

    /// How many requests may be for messages that are sent alone, while others wait.
    func apartLimit(_ concurrency: Int) -> Int {
        concurrency == 1 ? (last.isApart ? 0 : 1) : max(0, concurrency / 2 - apart)
    }

    // MARK: - Requests

    /// A request's slot is taken; returns whether it is a trial of a stopped provider.
    mutating func began(_ origin: Origin) -> Bool {
        inFlight += 1
        if !origin.isElsewhere { atBeginning += 1 }
        if origin.isApart { apart += 1 }
        last = origin
        health.began()
        return health.isStopped
    }

    /// The request is being made.
    mutating func started(_ id: LeaseID, at now: ContinuousClock.Instant) { startedAt[id] = now }

    /// The request has an answer, or none.
    mutating func ended(_ lease: Lease, _ sign: ProviderHealth.Sign) {
        startedAt[lease.id] = nil
        let prefixes = lease.messages.map {
            String($0.outgoing.recipient.description.prefix(Self.prefixLength))
        }
        switch sign {
        case .good: failed.removeAll { prefixes.contains($0) }
        case .failed, .stopped:
            for prefix in Set(prefixes.prefix(Self.mostFailed)) where !failed.contains(prefix) {
                failed.append(prefix)
            }
            failed.removeFirst(max(0, failed.count - Self.mostFailed))
        case .slow, .limited, .refusedOne: break
        }
    }

    /// Its result is written.
    mutating func freed(_ origin: Origin) {
        inFlight -= 1
        if !origin.isElsewhere { atBeginning -= 1 }
        if origin.isApart { apart -= 1 }
    }

    /// Whether a request has neither ended nor been abandoned for longer than the limit.
    func isOverdue(_ limit: Duration, at now: ContinuousClock.Instant) -> Bool {
        startedAt.values.contains { now - $0 > limit }
    }
}
