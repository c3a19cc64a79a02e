/// What is counted of some messages.
package struct MessageFigures: Sendable, Equatable {
    /// By the code of their current status.
    private var statuses: [Int64] = Array(repeating: 0, count: 16)
    /// By class of the time from sending to delivery; as long as the greatest class that occurs.
    private var delays: [Int64] = []
    /// As billed.
    package private(set) var segments: Int64 = 0
    /// By ISO 4217; without a currency, under its `XXX`.
    package private(set) var prices: [String: ExactAmount] = [:]

    package init() {}

    /// Adds messages of one status and currency.
    ///
    /// - Parameters:
    ///   - messages: how many; negative where some have moved on.
    ///   - status: the status that all of them have.
    ///   - segments: all of theirs.
    ///   - price: nil or zero adds no currency.
    ///   - currency: empty if the provider names none.
    ///   - pairs: of a class of delays and how many messages are in it, one after the other.
    package mutating func add(
        _ messages: Int64, _ status: Status, segments: Int64, price: ExactAmount,
        currency: String, delays pairs: [Int64]
    ) {
        statuses[Int(status.code)] += messages
        self.segments += segments
        if price != .zero { prices[currency.isEmpty ? "XXX" : currency, default: .zero] += price }
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            let delay = Int(pairs[index])
            guard (0...Int(Int16.max)).contains(delay) else { continue }
            if delays.count <= delay {
                delays += repeatElement(0, count: delay + 1 - delays.count)
            }
            delays[delay] += pairs[index + 1]
        }
    }

    package mutating func add(_ other: MessageFigures) {
        for index in statuses.indices { statuses[index] += other.statuses[index] }
        segments += other.segments
        prices.merge(other.prices, uniquingKeysWith: +)
        if delays.count < other.delays.count {
            delays += repeatElement(0, count: other.delays.count - delays.count)
        }
        for index in other.delays.indices { delays[index] += other.delays[index] }
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
