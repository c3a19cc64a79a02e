package import Domain

/// When a provider is asked for the fate of a message that it has and that no report has settled.
package struct ReconcileSchedule: Sendable, Equatable {
    /// Since the message was sent, ascending.
    package let slots: [Duration]
    /// How long past a message's validity its fate is asked for at last.
    package let grace: Duration

    /// What counts as a message's validity if nobody set one: both providers' own longest.
    package static let longestValidity = Duration.seconds(48 * 3600)
    /// A receipt of the last moment needs a while.
    static let afterValidity = Duration.seconds(300)

    /// - Parameters:
    ///   - slots: since the message was sent.
    ///   - lookUpHorizon: how long the provider knows a message; asking long past it is idle.
    package init(slots: [Duration], lookUpHorizon: Duration) {
        self.slots = slots.sorted()
        grace = min(lookUpHorizon, .seconds(48 * 3600))
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

    /// When even the last question has been asked.
    package func end(sentAt: Timestamp, validityMinutes: Int?) -> Timestamp {
        validityEnd(sentAt: sentAt, validityMinutes: validityMinutes).advanced(by: grace)
    }

    /// When to ask next; nil if the end has come.
    package func next(
        after now: Timestamp, sentAt: Timestamp, validityMinutes: Int?
    ) -> Timestamp? {
        let end = end(sentAt: sentAt, validityMinutes: validityMinutes)
        let justAfter = validityEnd(sentAt: sentAt, validityMinutes: validityMinutes)
            .advanced(by: Self.afterValidity)
        let times = slots.map { sentAt.advanced(by: $0) } + [justAfter, end]
        return times.filter { $0 > now && $0 <= end }.min()
    }
}
