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

    /// Orders what was counted.
    ///
    /// - Parameter sums: all counts of the question's period.
    package init(_ sums: StatisticsSums) {
        query = sums.query
        let groups = sums.totals()
        // Groups of the same size in the order of their names: the same order each time.
        let ranked = groups.filter { $0.figures.messages != 0 }
            .map { (messages: $0.figures.messages, name: "\($0.name)", group: $0) }
            .sorted { ($1.messages, $0.name) < ($0.messages, $1.name) }
            .map(\.group)
        let named = ranked.prefix(query.mostGroups)
        let names = named.map(\.name) + (ranked.count > named.count ? [.rest] : [])
        var places: [Int?] = Array(repeating: nil, count: sums.groupCount)
        for (place, group) in ranked.enumerated() { places[group.number] = min(place, named.count) }
        func gathered(_ parts: some Sequence<(number: Int, figures: MessageFigures)>) -> [Group] {
            var figures: [MessageFigures?] = Array(repeating: nil, count: names.count)
            for part in parts {
                guard let place = places[part.number] else { continue }
                if figures[place] == nil {
                    figures[place] = part.figures
                } else {
                    figures[place]?.add(part.figures)
                }
            }
            return zip(names, figures).compactMap { name, figures in
                guard let figures, figures.messages != 0 else { return nil }
                return Group(name: name, figures: figures)
            }
        }
        let gatheredGroups = gathered(groups.lazy.map { ($0.number, $0.figures) })
        totals = Self.sum(gatheredGroups)
        let isGrouped = query.dimension != nil
        self.groups = isGrouped ? gatheredGroups : []
        pieces = sums.starts.enumerated().map { piece, start in
            let groups = gathered(sums.figures(ofPiece: piece))
            return Piece(start: start, totals: Self.sum(groups), groups: isGrouped ? groups : [])
        }
    }

    private static func sum(_ groups: [Group]) -> MessageFigures {
        groups.reduce(into: MessageFigures()) { $0.add($1.figures) }
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
