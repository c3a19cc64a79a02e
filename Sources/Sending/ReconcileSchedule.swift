package import Domain

/// When a provider is asked for the final status of a message that it has and that no report has
/// settled.
package struct ReconcileSchedule: Sendable, Equatable {
    /// Since the message was sent, ascending.
    package let slots: [Duration]
    /// How long past a message's validity its final status is asked for at last.
    package let grace: Duration
    /// Since the message was sent: no status query is planned for later, because the provider would
    /// have forgotten the message when it is put.
    private let memory: Duration

    /// What counts as a message's validity if nobody set one: both providers' own longest.
    package static let longestValidity = Duration.seconds(48 * 3600)
    /// A receipt of the last moment needs a while.
    static let afterValidity = Duration.seconds(300)
    /// How long a status query may be late and still be made in time.
    private static let mostDelay = Duration.seconds(1800)

    /// - Parameters:
    ///   - slots: since the message was sent; those that lie past what the provider remembers are
    ///     not used.
    ///   - lookUpHorizon: how long the provider knows a message.
    package init(slots: [Duration], lookUpHorizon: Duration) {
        self.slots = slots.sorted()
        grace = min(lookUpHorizon, .seconds(48 * 3600))
        memory = lookUpHorizon - min(Self.mostDelay, lookUpHorizon / 10)
    }

    /// What is usual for a provider: when most reports that come at all have come, and late enough
    /// for the provider's log to still have the message.
    package static func usualSlots(of provider: Provider) -> [Duration] {
        switch provider {
        case .infobip: [.seconds(3600), .seconds(12 * 3600), .seconds(40 * 3600)]
        case .plivo:
            [.seconds(900), .seconds(2 * 3600), .seconds(24 * 3600), .seconds(72 * 3600)]
        }
    }

    /// When the message can no longer be delivered.
    package func validityEnd(sentAt: Timestamp, validityMinutes: Int?) -> Timestamp {
        let validity = validityMinutes.map { Duration.seconds($0 * 60) } ?? Self.longestValidity
        return sentAt.advanced(by: validity)
    }

    /// When nothing more is to be learnt: the last status query has been made, and what the
    /// provider might have told by itself would have come.
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

    /// When to ask next, or to decide without a status query; nil if the end has come.
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
