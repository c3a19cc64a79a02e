/// Adds up counts of messages by group and by piece of a period: there may be a hundred thousand of them.
package struct StatisticsSums: Sendable {
    package let query: StatisticsQuery
    /// The starts of the pieces.
    let starts: [Timestamp]
    /// Different from each other.
    private var names: [StatisticsGroup] = []
    /// The number of the group that each group of the caller's is.
    private let numbers: [Int]
    /// Where the figures of each piece's groups are, one piece after the other; -1 if there are none.
    private var places: [Int32]
    private var figures: [MessageFigures] = []

    /// - Parameters:
    ///   - query: the question.
    ///   - groups: what the counts may be of; equal ones are added up.
    package init(_ query: StatisticsQuery, groups: [StatisticsGroup]) {
        self.query = query
        starts = query.starts
        var known: [StatisticsGroup: Int] = [:]
        var names: [StatisticsGroup] = []
        numbers = groups.map { group in
            if let number = known[group] { return number }
            known[group] = names.count
            names.append(group)
            return names.count - 1
        }
        self.names = names
        places = Array(repeating: -1, count: starts.count * names.count)
    }

    /// Adds messages of one currency, whose figures are as for `MessageFigures.add`: at an hour or a day
    /// (one outside of the period is left out), of a group by its place in the caller's.
    package mutating func add(
        at start: Timestamp, group: Int, _ counts: [Int64], segments: Int64, price: ExactAmount,
        currency: String, delays: [Int64]
    ) {
        guard let first = starts.first, start >= first else { return }
        let piece = Int((start.microseconds - first.microseconds) / query.bucket.microseconds)
        guard piece < starts.count else { return }
        let index = piece * names.count + numbers[group]
        if places[index] < 0 {
            places[index] = Int32(figures.count)
            figures.append(MessageFigures())
        }
        figures[Int(places[index])].add(
            counts, segments: segments, price: price, currency: currency, delays: delays)
    }

    var groupCount: Int { names.count }

    /// The groups of one piece that occur in it, by their numbers.
    func figures(ofPiece piece: Int) -> some Sequence<(number: Int, figures: MessageFigures)> {
        let row = piece * names.count
        return names.indices.lazy.compactMap { number in
            let place = places[row + number]
            return place < 0 ? nil : (number, figures[Int(place)])
        }
    }

    /// Each group in the whole period.
    func totals() -> [(number: Int, name: StatisticsGroup, figures: MessageFigures)] {
        var totals = names.enumerated().map { ($0, $1, MessageFigures()) }
        for piece in starts.indices {
            for part in figures(ofPiece: piece) { totals[part.number].2.add(part.figures) }
        }
        return totals
    }
}
