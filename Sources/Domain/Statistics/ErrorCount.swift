/// A question for the commonest errors.
package struct ErrorQuery: Sendable, Equatable {
    /// A full hour; messages that were created from then on.
    package let from: Timestamp
    /// A full hour; messages that were created before.
    package let to: Timestamp
    /// Nil for all providers.
    package let provider: Provider?
    /// Nil for all countries, and recipients of none.
    package let country: Country?
    /// Messages that have one of these statuses now.
    package let statuses: Set<Status>
    package let limit: Int

    /// - Parameters: `from` and `to` are moved outwards to full hours.
    package init(
        from: Timestamp, to: Timestamp, provider: Provider? = nil, country: Country? = nil,
        statuses: Set<Status> = Self.failures, limit: Int
    ) {
        let period = StatisticsQuery(from: from, to: to, bucket: .hour, by: nil, mostGroups: 0)
        self.from = period.from
        self.to = period.to
        self.provider = provider
        self.country = country
        self.statuses = statuses
        self.limit = limit
    }

    /// The final statuses of messages that did not arrive as a whole, against their sender's will.
    package static let failures = Set(
        Status.allCases.filter { $0.isFinal && $0 != .delivered && $0 != .cancelled })
}

/// How many messages an error hit.
package struct ErrorCount: Sendable, Equatable {
    /// The provider's words; nil where an act of ours ended the messages.
    package let outcome: Outcome?
    package let messages: Int64
    /// By their current status.
    package let statuses: [Status: Int64]
    /// Those with the most messages first; nil for recipients of no country.
    package let countries: [(country: String?, messages: Int64)]

    package init(
        outcome: Outcome?, messages: Int64, statuses: [Status: Int64],
        countries: [(country: String?, messages: Int64)]
    ) {
        self.outcome = outcome
        self.messages = messages
        self.statuses = statuses
        self.countries = countries
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.outcome == b.outcome && a.messages == b.messages && a.statuses == b.statuses
            && a.countries.elementsEqual(b.countries, by: ==)
    }
}
