/// What is counted of some messages.
package struct MessageFigures: Sendable, Equatable {
    /// By the code of their current status.
    private var statuses: [Int64] = Array(repeating: 0, count: 16)
    /// By class of the time from sending to delivery; as long as the greatest class that occurs.
    private var delays: [Int64] = []
    /// As billed.
    package private(set) var segments: Int64 = 0
    /// By ISO 4217; without a currency, under its `XXX`. Few: looking through them takes less time than
    /// hashing.
    private var prices: [(currency: String, amount: ExactAmount)] = []

    package init() {}

    /// Adds messages of one currency.
    ///
    /// - Parameters:
    ///   - counts: pairs of a status's code and how many messages have it, one after the other;
    ///     negative where some have moved on.
    ///   - segments: all of theirs.
    ///   - price: zero adds no currency.
    ///   - currency: empty if the provider names none.
    ///   - pairs: of a class of delays and how many messages are in it.
    package mutating func add(
        _ counts: [Int64], segments: Int64, price: ExactAmount, currency: String,
        delays pairs: [Int64]
    ) {
        for (code, messages) in counts.pairs where statuses.indices.contains(Int(code)) {
            statuses[Int(code)] += messages
        }
        self.segments += segments
        if price != .zero { add(price, currency.isEmpty ? "XXX" : currency) }
        for (delay, messages) in pairs.pairs where (0...Int64(Int16.max)).contains(delay) {
            if delays.count <= delay {
                delays += repeatElement(0, count: Int(delay) + 1 - delays.count)
            }
            delays[Int(delay)] += messages
        }
    }

    package mutating func add(_ other: MessageFigures) {
        for index in statuses.indices { statuses[index] += other.statuses[index] }
        segments += other.segments
        for price in other.prices { add(price.amount, price.currency) }
        if delays.count < other.delays.count {
            delays += repeatElement(0, count: other.delays.count - delays.count)
        }
        for index in other.delays.indices { delays[index] += other.delays[index] }
    }

    private mutating func add(_ amount: ExactAmount, _ currency: String) {
        if let place = prices.firstIndex(where: { $0.currency == currency }) {
            prices[place].amount += amount
        } else {
            prices.append((currency, amount))
        }
    }

    package static func == (a: MessageFigures, b: MessageFigures) -> Bool {
        a.statuses == b.statuses && a.delays == b.delays && a.segments == b.segments
            && a.orderedPrices.elementsEqual(b.orderedPrices, by: ==)
    }

    /// The prices by their currency's name.
    package var orderedPrices: [(currency: String, amount: ExactAmount)] {
        prices.sorted { $0.currency < $1.currency }
    }

    /// What the messages cost in a currency; nil if nothing.
    package func price(in currency: String) -> ExactAmount? {
        prices.first { $0.currency == currency }?.amount
    }

    /// How many have this status now.
    package subscript(status: Status) -> Int64 { statuses[Int(status.code)] }

    package var messages: Int64 { statuses.reduce(0, +) }

    /// Those of a final status.
    package var final: Int64 {
        Status.allCases.reduce(0) { $0 + ($1.isFinal ? self[$1] : 0) }
    }

    /// Delivered ones among those of a final status; nil if there is none. Partially delivered ones
    /// are not delivered, and cancelled ones count among the final.
    package var deliveryRate: Double? {
        final > 0 ? Double(self[.delivered]) / Double(final) : nil
    }

    /// How many of the delivered ones have a known time from sending to delivery.
    package var timed: Int64 { delays.reduce(0, +) }

    /// The time within which this share of the messages was delivered, as exactly as `DelayClass`
    /// is; nil if no time is known.
    ///
    /// - Parameter share: over 0 and up to 1.
    /// - Returns: the middle of a class.
    package func delay(ofShare share: Double) -> Duration? {
        let timed = timed
        guard timed > 0 else { return nil }
        let rank = max(1, Int64((Double(timed) * share).rounded(.up)))
        var passed: Int64 = 0
        for (index, count) in delays.enumerated() {
            passed += count
            if passed >= rank { return DelayClass(rawValue: Int16(index)).middle }
        }
        return nil
    }
}

extension [Int64] {
    /// Each two elements.
    package var pairs: some Sequence<(Int64, Int64)> {
        stride(from: 0, to: count - 1, by: 2).lazy.map { (self[$0], self[$0 + 1]) }
    }
}
