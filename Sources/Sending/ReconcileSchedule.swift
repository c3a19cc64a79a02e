package import Domain

/// When to query the final status of a message that the provider accepted and no report has
/// settled.
package struct ReconcileSchedule: Sendable, Equatable {
    /// Since the message was sent, ascending.
    package let slots: [Duration]
    /// How long after a message's validity the last status query is made.
    package let grace: Duration
    /// Counted from sending. No status query is planned beyond it, because the provider would have
    /// dropped the message's record by then.
    private let memory: Duration

    /// A message's validity if the caller set none: both providers' own longest.
    package static let longestValidity = Duration.seconds(48 * 3600)
    /// A report of the last moment takes a while to arrive.
    static let afterValidity = Duration.seconds(300)
    /// How long a status query may be late and still be made in time.
    private static let mostDelay = Duration.seconds(1800)

    /// - Parameters:
    ///   - slots: counted from sending; those beyond the look-up horizon are not used.
    ///   - lookUpHorizon: how long the provider can look a message up.
    package init(slots: [Duration], lookUpHorizon: Duration) {
        self.slots = slots.sorted()
        grace = min(lookUpHorizon, .seconds(48 * 3600))
        memory = lookUpHorizon - min(Self.mostDelay, lookUpHorizon / 10)
    }

    /// When the message can no longer be delivered.
    package func validityEnd(sentAt: Timestamp, validityMinutes: Int?) -> Timestamp {
        let validity = validityMinutes.map { Duration.seconds($0 * 60) } ?? Self.longestValidity
        return sentAt.advanced(by: validity)
    }

    /// When nothing more can be learned: the last status query has been made, and late reports
    /// would have come.
    package func end(sentAt: Timestamp, validityMinutes: Int?) -> Timestamp {
        max(
            lastQuery(sentAt, validityMinutes), justAfterValidity(sentAt, validityMinutes))
    }

    private func lastQuery(_ sentAt: Timestamp, _ validityMinutes: Int?) -> Timestamp {
        min(
            validityEnd(sentAt: sentAt, validityMinutes: validityMinutes).advanced(by: grace),
            sentAt.advanced(by: memory))
    }

    private func justAfterValidity(_ sentAt: Timestamp, _ validityMinutes: Int?) -> Timestamp {
        validityEnd(sentAt: sentAt, validityMinutes: validityMinutes)
            .advanced(by: Self.afterValidity)
    }

    /// When to query next, or to decide without a status query; nil after the end.
    package func next(
        after now: Timestamp, sentAt: Timestamp, validityMinutes: Int?
    ) -> Timestamp? {
        let last = lastQuery(sentAt, validityMinutes)
        let justAfter = justAfterValidity(sentAt, validityMinutes)
        let queries = slots.map { sentAt.advanced(by: $0) } + [justAfter, last]
        let end = end(sentAt: sentAt, validityMinutes: validityMinutes)
        return (queries.filter { $0 <= last } + [end]).filter { $0 > now }.min()
    }
}
