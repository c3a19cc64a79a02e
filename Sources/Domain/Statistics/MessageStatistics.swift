/// What messages are counted by.
package enum StatisticsDimension: String, Sendable, CaseIterable {
    case status
    case provider
    case error
    case country
    case sender
    case submittedBy = "submitted_by"
}

/// The length of the pieces of a period; they begin at full hours or days in UTC.
package enum StatisticsBucket: String, Sendable, CaseIterable {
    case hour
    case day

    package var microseconds: Int64 { self == .hour ? 3_600_000_000 : 86_400_000_000 }

    /// The start of the piece that a moment is in.
    package func start(of time: Timestamp) -> Timestamp {
        self == .hour ? time.startOfHour : time.startOfDay
    }
}

/// A question for counts.
package struct StatisticsQuery: Sendable, Equatable {
    /// A full hour; messages that were created from then on.
    package let from: Timestamp
    /// A full hour; messages that were created before.
    package let to: Timestamp
    package let bucket: StatisticsBucket
    /// Nil for all messages together.
    package let dimension: StatisticsDimension?
    /// How many groups are told apart; the others are added up.
    package let mostGroups: Int

    /// - Parameters: `from` and `to` are moved outwards to full hours.
    package init(
        from: Timestamp, to: Timestamp, bucket: StatisticsBucket,
        by dimension: StatisticsDimension?, mostGroups: Int
    ) {
        self.from = from.startOfHour
        let start = to.startOfHour
        self.to = start == to ? to : start.advanced(by: .seconds(3600))
        self.bucket = bucket
        self.dimension = dimension
        self.mostGroups = mostGroups
    }

    /// The starts of all pieces; the first one may begin before the period.
    package var starts: [Timestamp] {
        stride(
            from: bucket.start(of: from).microseconds, to: to.microseconds,
            by: Int(bucket.microseconds)
        ).map(Timestamp.init(microseconds:))
    }
}

/// What a group of messages has in common.
package enum StatisticsGroup: Hashable, Sendable {
    case status(Status)
    case provider(Provider)
    /// By the provider's code and name of the error; nil of both where there was none.
    case error(Provider, code: String?, name: String?)
    /// Nil where the recipient is no number of a country.
    case country(String?)
    case sender(String?)
    /// Nil of messages that we did not send; the submitter's kind and name as far as they are known.
    case submitter(String?, kind: String?, name: String?)
    /// No report decides their status: they wait, or an act of ours did.
    case noReport
    /// All that `mostGroups` leaves out.
    case rest
}

/// Counts of messages in a period.
package struct MessageStatistics: Sendable, Equatable {
    package let query: StatisticsQuery
    package let totals: MessageFigures
    /// Those with the most messages first, the rest last; empty unless the query names a dimension.
    package let groups: [Group]
    /// In the order of time, without gaps.
    package let pieces: [Piece]

    package struct Group: Sendable, Equatable {
        package let name: StatisticsGroup
        package let figures: MessageFigures
    }

    package struct Piece: Sendable, Equatable {
        package let start: Timestamp
        package let totals: MessageFigures
        /// In the order of the statistics' own; only those that occur.
        package let groups: [Group]
    }

    /// Adds up what was counted.
    ///
    /// - Parameters:
    ///   - query: the question.
    ///   - counts: each the figures of a group in one piece; several may be of the same.
    package init(
        _ query: StatisticsQuery,
        counts: some Sequence<(start: Timestamp, group: StatisticsGroup, figures: MessageFigures)>
    ) {
        self.query = query
        var groups: [StatisticsGroup: MessageFigures] = [:]
        var pieces: [Timestamp: [StatisticsGroup: MessageFigures]] = [:]
        for count in counts {
            groups[count.group, default: MessageFigures()].add(count.figures)
            pieces[query.bucket.start(of: count.start), default: [:]][
                count.group, default: MessageFigures()
            ].add(count.figures)
        }
        let ranked = groups.filter { $0.value.messages != 0 }.sorted {
            ($1.value.messages, "\($0.key)") < ($0.value.messages, "\($1.key)")
        }
        let named = ranked.prefix(query.mostGroups).map(\.key)
        var places = Dictionary(uniqueKeysWithValues: zip(named, named.indices))
        for entry in ranked.dropFirst(query.mostGroups) { places[entry.key] = named.count }
        let names = named + (ranked.count > named.count ? [.rest] : [])
        func gathered(_ parts: [StatisticsGroup: MessageFigures]) -> [Group] {
            var sums: [MessageFigures?] = Array(repeating: nil, count: names.count)
            for (group, figures) in parts {
                guard let place = places[group] else { continue }
                sums[place, default: MessageFigures()].add(figures)
            }
            return zip(names, sums).compactMap { name, sum in
                guard let sum, sum.messages != 0 else { return nil }
                return Group(name: name, figures: sum)
            }
        }
        let gatheredGroups = gathered(groups)
        totals = Self.sum(gatheredGroups)
        let isGrouped = query.dimension != nil
        self.groups = isGrouped ? gatheredGroups : []
        self.pieces = query.starts.map { start in
            let groups = pieces[start].map(gathered) ?? []
            return Piece(start: start, totals: Self.sum(groups), groups: isGrouped ? groups : [])
        }
    }

    private static func sum(_ groups: [Group]) -> MessageFigures {
        groups.reduce(into: MessageFigures()) { $0.add($1.figures) }
    }
}

extension Array {
    /// An element that may be missing, made when it is first needed.
    fileprivate subscript<Wrapped>(
        index: Int, default value: @autoclosure () -> Wrapped
    ) -> Wrapped where Element == Wrapped? {
        get { self[index] ?? value() }
        set { self[index] = newValue }
    }
}

/// Where counts of messages are read.
package protocol StatisticsReader: Sendable {
    /// Counts that hold as of one moment, all that is committed by then among them.
    ///
    /// - Throws: when the database does not answer.
    func statistics(_ query: StatisticsQuery) throws(StoreFailure) -> MessageStatistics

    /// The commonest errors of a period, those with the most messages first.
    ///
    /// - Throws: when the database does not answer.
    func errors(_ query: ErrorQuery) throws(StoreFailure) -> [ErrorCount]
}
