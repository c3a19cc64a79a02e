/// Which of a message's reports decides its status: the one with the greatest precedence.
///
/// The maximum of a set depends neither on its order nor on duplicates, so a status is the same
/// whatever the order, the number of writers, or the number of replays. The rules, first to last:
/// 1. a final report before one that is not;
/// 2. among reports that are not final, a later stage before an earlier one;
/// 3. a later provider time before an earlier one;
/// 4. at the same time, delivered before the failures.
///
/// Two values belong to no report: our own result that the final status will not be known, and the
/// combined status of a message's parts.
///
/// Reports that are equal in all four are ordered by their fingerprints (see `Report`). SQL
/// compares the number and knows no rule. A change of the layout or the rules is a new version of
/// this type, and the stored numbers must be computed again.
package struct Precedence: Hashable, Comparable, Sendable {
    /// Bit 62: final. Bits 58 to 61: stage. Bits 6 to 57: microseconds. Bits 0 to 5: rank, up to 7.
    package let rawValue: Int64

    /// - Parameter rawValue: a stored precedence.
    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// - Parameters:
    ///   - status: the report's status.
    ///   - time: the provider's time of it; a report without one is below every report with one.
    ///     Times before 1970 and after 2112 count as the first and the last moment between.
    package init(status: Status, at time: Timestamp?) {
        let microseconds = min(max(time?.microseconds ?? 0, 0), Self.latest)
        let final: Int64 = status.isFinal ? 1 << 62 : 0
        rawValue = final | Self.stage(status) << 58 | microseconds << 6 | Self.rank(status)
    }

    /// Our own result that a message's final status will not be known: above all that is not final,
    /// and below every final report.
    package static let givenUp = Precedence(rawValue: 5 << 58)

    /// The combined status of a message's parts, all of which have ended: above every report about
    /// one part, and above a status of the whole of the same moment.
    ///
    /// - Parameter time: when the last part ended.
    /// - Returns: a value that no report has.
    package static func settlement(at time: Timestamp?) -> Precedence {
        let delivered = Precedence(status: .delivered, at: time)
        return Precedence(rawValue: delivered.rawValue + 1)
    }

    /// Time and rank in few enough bits that the values of 255 parts can be added up.
    var extent: Int64 { (rawValue >> 6 & Self.latest) << 3 | rawValue & 7 }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    private static let latest: Int64 = 1 << 52 - 1

    private static func stage(_ status: Status) -> Int64 {
        switch status {
        case .queued: 1
        case .unknown: 2
        case .accepted: 3
        case .sent: 4
        case .delivered, .undeliverable, .expired, .rejected, .failed, .cancelled,
            .partiallyDelivered:
            0
        }
    }

    private static func rank(_ status: Status) -> Int64 {
        switch status {
        case .delivered: 5
        case .undeliverable: 4
        case .rejected: 3
        case .failed: 2
        case .expired: 1
        case .queued, .unknown, .accepted, .sent, .cancelled, .partiallyDelivered: 0
        }
    }
}

extension Precedence {
    /// The rule by which one report takes precedence over another.
    package enum Rule: String, Sendable {
        /// There is no other report.
        case only
        case finalBeatsNotFinal = "final_beats_not_final"
        case furtherAlong = "further_along"
        case laterProviderTime = "later_provider_time"
        case deliveredBeatsFailed = "delivered_beats_failed"
        /// Same status, same provider time: the fingerprints decide which one is shown.
        case fingerprint
    }

    /// The first rule in which two precedences differ.
    package func rule(against other: Precedence) -> Rule {
        let difference = rawValue ^ other.rawValue
        if difference >> 62 != 0 { return .finalBeatsNotFinal }
        if difference >> 58 != 0 { return .furtherAlong }
        if difference >> 6 != 0 { return .laterProviderTime }
        return difference != 0 ? .deliveredBeatsFailed : .fingerprint
    }
}
