/// Whose messages are looked at together.
package enum TrafficSubject: Hashable, Sendable {
    /// All of a provider's, also those to no country.
    case provider(Provider)
    case country(Provider, Country)

    package var provider: Provider {
        switch self {
        case .provider(let provider), .country(let provider, _): provider
        }
    }

    package var country: Country? {
        switch self {
        case .provider: nil
        case .country(_, let country): country
        }
    }
}

/// What happened to a subject's messages in the last hour and a quarter, and around the same time of
/// the seven days before, in slots of five minutes.
///
/// Slots are named by their distance to the one that `now` is in: 0 is that one, which has only begun,
/// and -1 the one before. Day 0 is today.
package struct TrafficHistory: Sendable {
    /// The length of a slot; they begin at multiples of it in UTC.
    package static let slot: Duration = .seconds(300)
    /// The days that today is compared with.
    package static let days = 7
    /// The slots of each day that are kept. Those to come are none of today's.
    static let slots = -15...7

    private static let slotMicroseconds: Int64 = 300_000_000
    private static let dayMicroseconds: Int64 = 86_400_000_000

    private let current: Int64
    private var figures: [TrafficFigures]

    /// Nothing happened yet.
    package init(now: Timestamp) {
        current = Self.number(of: now)
        figures = Array(
            repeating: TrafficFigures(), count: (Self.days + 1) * Self.slots.count)
    }

    /// The start of the slot that a moment is in.
    package static func start(of time: Timestamp) -> Timestamp {
        Timestamp(microseconds: number(of: time) * slotMicroseconds)
    }

    /// The moments of each day of which something is kept, today's first.
    package static func spans(at now: Timestamp) -> [Range<Timestamp>] {
        (0...days).map { day in
            let start = number(of: now) * slotMicroseconds - Int64(day) * dayMicroseconds
            return
                Timestamp(
                    microseconds: start + Int64(slots.lowerBound) * slotMicroseconds)..<Timestamp(
                    microseconds: start + Int64(slots.upperBound + 1) * slotMicroseconds)
        }
    }

    /// Adds what happened in a slot; one of no use is passed over.
    package mutating func add(_ figures: TrafficFigures, since start: Timestamp) {
        let number = Self.number(of: start)
        for day in 0...Self.days {
            let slot =
                number - current + Int64(day) * (Self.dayMicroseconds / Self.slotMicroseconds)
            guard let slot = Int(exactly: slot), Self.slots.contains(slot), day > 0 || slot <= 0
            else { continue }
            self.figures[place(day, slot)] += figures
            return
        }
    }

    /// All that happened in some slots of a day.
    func sum(_ slots: ClosedRange<Int>, daysAgo day: Int = 0) -> TrafficFigures {
        var sum = TrafficFigures()
        for slot in slots { sum += figures[place(day, slot)] }
        return sum
    }

    /// How many messages did what in some slots of a day.
    func counts(_ slots: ClosedRange<Int>, daysAgo day: Int = 0) -> TrafficCounts {
        var sum = TrafficCounts()
        for slot in slots { sum += figures[place(day, slot)].counts }
        return sum
    }

    /// The days on which anything happened around this time.
    var daysWithTraffic: [Int] {
        (1...Self.days).filter { day in
            Self.slots.contains { figures[place(day, $0)].counts.activity > 0 }
        }
    }

    private func place(_ day: Int, _ slot: Int) -> Int {
        day * Self.slots.count + slot - Self.slots.lowerBound
    }

    private static func number(of time: Timestamp) -> Int64 {
        time.microseconds.flooringDivision(by: slotMicroseconds).quotient
    }
}
