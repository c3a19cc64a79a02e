/// Whether a subject's messages fare as usual, by one kind.
package enum DriftVerdict: Sendable, Equatable {
    /// Too few messages, now or before; or it is never much better.
    case unknown
    case fine
    /// Worse than usual, but not enough for an alarm: it ends none that is on.
    case uneasy
    case drifting(DriftFinding)
}

/// Compares the last minutes with the same time of the last seven days. A pure function.
///
/// Windows are as short as a hundred messages allow, so that a fault is found soon where there are
/// many. What is usual is the median of the days, so that a day with a fault of its own does not hide
/// the next one. A difference must be large, larger than the days differ among themselves, and far
/// beyond what chance does with so many messages. Where it is bad anyway, nothing is said.
package struct DriftJudge: Sendable {
    /// The fewest messages that say anything.
    package static let enough: Int64 = 100
    private static let fewestDays = 3
    /// Usual shares that are worse than this are no baseline.
    private static let lowest = 0.5
    /// How many standard deviations are no chance. Thousands of comparisons are made each day.
    private static let deviations = 5.0
    /// How much more shares scatter than those of independent messages would: those of a campaign
    /// share their fate.
    private static let overdispersion = 3.0
    /// In slots, the one that has begun included: 10 to 15, 25 to 30, and 55 to 60 minutes.
    private static let windows = [3, 6, 12]
    /// What is looked at of the days before: an hour and a half around the same time.
    private static let usual = -12...5

    private let history: TrafficHistory

    package init(_ history: TrafficHistory) {
        self.history = history
    }

    /// The verdicts of each kind.
    package var verdicts: [DriftKind: DriftVerdict] {
        let days = (1...TrafficHistory.days).map { history.sum(Self.usual, daysAgo: $0) }
        return [
            .failures: failures(days), .silence: silence(days),
            .lateReports: times(days, \.reportAges) { .late($0, usual: $1) },
            .slowDelivery: times(days, \.deliveryTimes) { .slow($0, usual: $1) },
        ]
    }

    // MARK: Failures

    private func failures(_ days: [TrafficFigures]) -> DriftVerdict {
        guard let usual = Usual(days.compactMap(\.counts.deliveryRate), isHighGood: true),
            usual.median >= Self.lowest,
            let slots = Self.windows.first(where: { counts($0).final >= Self.enough }),
            let rate = counts(slots).deliveryRate
        else { return .unknown }
        return verdict(
            excess: usual.median - rate,
            tolerance: max(0.1, 2 * usual.spread, Self.chance(usual.median, counts(slots).final))
        ) {
            DriftFinding(
                evidence: .failing(
                    share: rate, usual: usual.median,
                    outcome: Self.cause(history.sum((1 - slots)...0), days)),
                window: Self.length(slots))
        }
    }

    /// The outcome that became most frequent, compared with what is usual.
    private static func cause(_ present: TrafficFigures, _ days: [TrafficFigures]) -> Int64? {
        var past = TrafficFigures()
        for day in days { past += day }
        let before = past.failuresByOutcome
        let scale =
            past.counts.final > 0
            ? Double(present.counts.final) / Double(past.counts.final) : 0
        return present.failuresByOutcome.max { a, b in
            func growth(_ pair: (key: Int64, value: Int64)) -> Double {
                Double(pair.value) - Double(before[pair.key] ?? 0) * scale
            }
            // Of the same growth always the same one.
            return (growth(a), a.key) < (growth(b), b.key)
        }?.key
    }

    // MARK: Silence

    /// Messages sent before so many slots usually have their final report.
    private func patience(_ days: [TrafficFigures]) -> Int {
        var past = TrafficFigures()
        for day in days { past += day }
        let delay = past.deliveryTimes.time(ofShare: 0.95) ?? .zero
        let age = past.reportAges.time(ofShare: 0.95) ?? .zero
        return min(6, max(1, Int(((delay + age) / TrafficHistory.slot).rounded(.up))))
    }

    private func silence(_ days: [TrafficFigures]) -> DriftVerdict {
        let waiting = finalReportsStayAway(days)
        if case .drifting = waiting { return waiting }
        let nothing = nothingComes(days)
        if case .drifting = nothing { return nothing }
        return waiting == .unknown ? nothing : waiting
    }

    /// Of messages that a provider has taken.
    private func finalReportsStayAway(_ days: [TrafficFigures]) -> DriftVerdict {
        let patience = patience(days)
        let shares = (1...TrafficHistory.days).compactMap {
            waiting(-Self.windows[2], patience, daysAgo: $0)?.share
        }
        guard let usual = Usual(shares, isHighGood: false), usual.median <= 1 - Self.lowest else {
            return .unknown
        }
        // Whatever window shows it best: a silence has begun in one of these slots.
        var worst: (excess: Double, tolerance: Double, slot: Int, sent: Int64, share: Double)?
        for slot in stride(from: -1 - patience, through: -Self.windows[2], by: -1) {
            guard let (sent, share) = waiting(slot, patience) else { continue }
            let tolerance = max(0.2, 2 * usual.spread, Self.chance(usual.median, sent))
            let excess = share - usual.median
            if excess - tolerance > (worst.map { $0.excess - $0.tolerance } ?? -.infinity) {
                worst = (excess, tolerance, slot, sent, share)
            }
        }
        guard let worst else { return .unknown }
        return verdict(excess: worst.excess, tolerance: worst.tolerance) {
            DriftFinding(
                evidence: .waiting(
                    messages: worst.sent, share: worst.share, usual: usual.median,
                    sentBefore: TrafficHistory.slot * patience),
                window: Self.length(1 - worst.slot))
        }
    }

    /// How many messages were sent from a slot on but not in the last `patience` slots, and the least
    /// share of them that can be without a final report: all final reports since then count for them,
    /// also those that others got. So it is too low, but no burst of sending makes it too high.
    private func waiting(
        _ slot: Int, _ patience: Int, daysAgo day: Int = 0
    ) -> (sent: Int64, share: Double)? {
        let sent = history.counts(slot...(-1 - patience), daysAgo: day).sent
        guard sent >= Self.enough else { return nil }
        let final = history.counts(slot...0, daysAgo: day).final
        return (sent, min(1, max(0, 1 - Double(final) / Double(sent))))
    }

    /// Where others send, nobody knows what is under way: that nothing moves at all is told only
    /// where it always does.
    private func nothingComes(_ days: [TrafficFigures]) -> DriftVerdict {
        let known = history.daysWithTraffic
        var all = TrafficCounts()
        for day in days { all += day.counts }
        guard known.count >= Self.fewestDays, all.ours * 2 < all.sent else { return .unknown }
        for count in 1...Self.windows[2] {
            let usual = known.map { Double(history.counts((-count)...(-1), daysAgo: $0).activity) }
            guard let usual = Usual(usual, isHighGood: true), usual.second >= Double(Self.enough),
                usual.second * 3 >= usual.median
            else { continue }
            guard history.counts((-count)...0).activity == 0 else { return .fine }
            return .drifting(
                DriftFinding(
                    evidence: .nothing(usual: Int64(usual.median.rounded())),
                    window: Self.length(count)))
        }
        return .unknown
    }

    // MARK: Times

    private func times(
        _ days: [TrafficFigures], _ part: (TrafficFigures) -> TimeDistribution,
        _ evidence: (Duration, Duration) -> DriftFinding.Evidence
    ) -> DriftVerdict {
        let medians = days.compactMap { part($0).time(ofShare: 0.5) }
        guard let usual = Usual(medians.map { $0 / .seconds(1) }, isHighGood: false),
            let (slots, present) = window(part)
        else { return .unknown }
        let seconds = present / .seconds(1)
        return verdict(
            excess: seconds - usual.median,
            tolerance: max(60 + 3 * usual.median, 2 * usual.spread)
        ) {
            DriftFinding(
                evidence: evidence(present, .seconds(usual.median)), window: Self.length(slots))
        }
    }

    // MARK: Shared

    /// The median of some times in the shortest window with enough of them.
    private func window(
        _ part: (TrafficFigures) -> TimeDistribution
    ) -> (slots: Int, median: Duration)? {
        for slots in Self.windows {
            if let median = part(history.sum((1 - slots)...0)).time(ofShare: 0.5) {
                return (slots, median)
            }
        }
        return nil
    }

    /// Of the last slots, the one that has begun included.
    private func counts(_ slots: Int) -> TrafficCounts { history.counts((1 - slots)...0) }

    private func verdict(
        excess: Double, tolerance: Double, _ finding: () -> DriftFinding
    ) -> DriftVerdict {
        if excess > tolerance { return .drifting(finding()) }
        return excess > tolerance / 2 ? .uneasy : .fine
    }

    /// What chance does to a share of so many messages.
    private static func chance(_ share: Double, _ messages: Int64) -> Double {
        deviations
            * (max(share * (1 - share), 0.01) * overdispersion / Double(messages)).squareRoot()
    }

    private static func length(_ slots: Int) -> Duration { TrafficHistory.slot * slots }

    /// What the days before were like.
    private struct Usual {
        let median: Double
        /// The second worst day.
        let second: Double
        /// How far that one is from the median.
        var spread: Double { abs(median - second) }

        /// Nil for too few days.
        init?(_ values: [Double], isHighGood: Bool) {
            guard values.count >= DriftJudge.fewestDays else { return nil }
            let worstFirst = isHighGood ? values.sorted() : values.sorted(by: >)
            median = worstFirst[(worstFirst.count - 1) / 2]
            second = worstFirst[1]
        }
    }
}
