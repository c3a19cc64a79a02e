/// How many a second, over the last ten seconds. Pure; time is passed in.
struct MovingRate {
    private var parts: [(time: ContinuousClock.Instant, count: Int)] = []
    private static let span: Duration = .seconds(10)

    mutating func add(_ count: Int, at now: ContinuousClock.Instant) {
        parts.removeAll { now - $0.time >= Self.span }
        parts.append((now, count))
    }

    func perSecond(at now: ContinuousClock.Instant) -> Double {
        let sum = parts.reduce(0) { now - $1.time < Self.span ? $0 + $1.count : $0 }
        return Double(sum) / 10
    }
}
