/// How many messages did what in some time, whenever they were created.
package struct TrafficCounts: Sendable, Equatable {
    /// Messages that a provider got, or of which it told without our sending them.
    package fileprivate(set) var sent: Int64 = 0
    /// How many came into being because somebody submitted them here.
    package fileprivate(set) var ours: Int64 = 0
    /// Messages that came to a final status.
    package fileprivate(set) var final: Int64 = 0
    package fileprivate(set) var delivered: Int64 = 0

    package init() {}

    package static func += (a: inout Self, b: Self) {
        a.sent += b.sent
        a.ours += b.ours
        a.final += b.final
        a.delivered += b.delivered
    }

    /// Messages that moved at all.
    var activity: Int64 { max(0, sent, final) }

    /// Delivered ones among those that came to a final status; nil if those are too few.
    var deliveryRate: Double? {
        final >= DriftJudge.enough ? min(1, max(0, Double(delivered) / Double(final))) : nil
    }
}

/// The same with the outcomes and times of the messages.
package struct TrafficFigures: Sendable, Equatable {
    package private(set) var counts = TrafficCounts()
    /// Pairs of an outcome's id and how many messages failed with it.
    private var failures: [Int64] = []
    /// Pairs of a class of times from sending to delivery and how many messages took so long.
    private var delays: [Int64] = []
    /// Pairs of a class of ages and how many reports were so old when they came.
    private var ages: [Int64] = []

    package init() {}

    /// - Parameters:
    ///   - statuses: pairs of a status's code and by how many messages it grew; negative where they
    ///     moved on to another one.
    ///   - ours: how many came into being because somebody submitted them here.
    ///   - failures: pairs of an outcome's id and how many messages failed with it.
    ///   - delays: pairs of a `DelayClass` and how many messages took so long.
    ///   - ages: pairs of a `DelayClass` and how many reports were so old.
    package init(
        statuses: [Int64], ours: Int64 = 0, failures: [Int64] = [], delays: [Int64] = [],
        ages: [Int64] = []
    ) {
        for (code, change) in statuses.pairs {
            // A message that waits with us, or was cancelled there, says nothing of a provider.
            guard let status = Status(code: Int16(truncatingIfNeeded: code)), status != .queued,
                status != .cancelled
            else { continue }
            counts.sent += change
            if status.isFinal { counts.final += change }
            if status == .delivered { counts.delivered += change }
        }
        counts.ours = ours
        self.failures = failures
        self.delays = delays
        self.ages = ages
    }

    package static func += (a: inout Self, b: Self) {
        a.counts += b.counts
        a.failures += b.failures
        a.delays += b.delays
        a.ages += b.ages
    }

    /// The times to delivery.
    var deliveryTimes: TimeDistribution { TimeDistribution(pairs: delays) }
    /// The ages of reports.
    var reportAges: TimeDistribution { TimeDistribution(pairs: ages) }

    /// How many messages failed with each outcome.
    var failuresByOutcome: [Int64: Int64] {
        var counts: [Int64: Int64] = [:]
        for (outcome, count) in failures.pairs { counts[outcome, default: 0] += count }
        return counts
    }
}

/// How many times are in each `DelayClass`.
struct TimeDistribution {
    private var counts: [Int64] = []
    private(set) var total: Int64 = 0

    init(pairs: [Int64]) {
        for (place, count) in pairs.pairs where (0...Int64(Int16.max)).contains(place) && count > 0
        {
            if counts.count <= place {
                counts += repeatElement(0, count: Int(place) + 1 - counts.count)
            }
            counts[Int(place)] += count
            total += count
        }
    }

    /// The time that this share does not exceed; nil if there are too few.
    func time(ofShare share: Double) -> Duration? {
        guard total >= DriftJudge.enough else { return nil }
        let rank = max(1, Int64((Double(total) * share).rounded(.up)))
        var passed: Int64 = 0
        for (place, count) in counts.enumerated() {
            passed += count
            if passed >= rank { return DelayClass(rawValue: Int16(place)).middle }
        }
        return nil
    }
}
