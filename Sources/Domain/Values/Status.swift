/// A message's status, with the same meaning for every provider.
package enum Status: String, Sendable, CaseIterable {
    /// Accepted by us, not yet by a provider.
    case queued
    /// The provider has it and has reported nothing more.
    case accepted
    /// On its way: with the operator, or as far as the provider reports.
    case sent
    /// On the handset. Final.
    case delivered
    /// Refused by the operator or the handset. Final.
    case undeliverable
    /// Its validity ran out, or no receipt came in time. Final.
    case expired
    /// Refused by the provider. Final.
    case rejected
    /// Never left the provider, or never left us. Final.
    case failed
    /// Unknown: a send without an answer, or a report with a status that we do not know.
    case unknown
    /// Cancelled by its sender before any provider had it. Final.
    case cancelled
    /// Some of its parts were delivered and others were not. Final. Computed from the parts'
    /// reports when a message is shown, never stored.
    case partiallyDelivered = "partially_delivered"

    /// The number of the status in the database; never reused for another one.
    package var code: Int16 {
        switch self {
        case .queued: 1
        case .accepted: 2
        case .sent: 3
        case .delivered: 4
        case .undeliverable: 5
        case .expired: 6
        case .rejected: 7
        case .failed: 8
        case .unknown: 9
        case .cancelled: 10
        case .partiallyDelivered: 11
        }
    }

    package init?(code: Int16) {
        guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }

    /// Whether it is a final status. A later final report may still replace it.
    package var isFinal: Bool {
        switch self {
        case .delivered, .undeliverable, .expired, .rejected, .failed, .cancelled,
            .partiallyDelivered:
            true
        case .queued, .accepted, .sent, .unknown: false
        }
    }
}
