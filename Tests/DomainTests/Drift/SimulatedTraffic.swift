import Domain
import TestSupport

/// A made-up provider's traffic of one country: how much is sent, what becomes of it, and when one
/// hears of it, with the ups and downs of a day and a week.
struct SimulatedTraffic {
    /// Messages in an hour at the busiest time of a working day.
    var busiestHour = 6000.0
    /// The share that is delivered, which wanders a little from day to day.
    var deliveryRate = 0.96
    /// The share of which one never hears.
    var unheardShare = 0.01
    /// The median time to delivery, in seconds; lognormal.
    var medianDelay = 6.0
    /// Whether we send the messages; otherwise the first report tells of them.
    var isOurs = true
    /// A burst of so many busiest hours at a random time of some days.
    var burst = 0.0
    /// What is wrong from a time on; nil at the end of it.
    var fault: (minutes: Range<Int>, what: Fault)?

    enum Fault {
        /// No report comes.
        case silence
        /// The share that is delivered; the others fail with `outcome`.
        case deliveryRate(Double, outcome: Int64)
        /// Seconds by which all reports come late.
        case lateReports(Int)
        /// Seconds by which messages arrive late.
        case slowDelivery(Int)
    }

    static let ordinaryOutcome: Int64 = 11
}

/// Plays traffic in steps of a minute, and keeps what the database would.
struct TrafficPlay {
    /// Monday 2026-11-02 00:00:00 in UTC.
    static let start = Timestamp(microseconds: 1_793_577_600_000_000)

    /// May change while it plays.
    var traffic: SimulatedTraffic
    private var generator: SplitMix64
    /// What becomes final in each minute to come: by minute, with delay class, age class and outcome.
    private var pending: [Int: [(delivered: Int64, failed: Int64, outcome: Int64)]] = [:]
    /// By slot: all that is kept of it.
    private(set) var slots: [Int: TrafficFigures] = [:]
    private var dayRate = 1.0
    private var dayVolume = 1.0
    private var burstMinute: Int?
    private(set) var minute = 0

    init(_ traffic: SimulatedTraffic, seed: UInt64) {
        self.traffic = traffic
        generator = SplitMix64(state: seed)
    }

    /// One minute more.
    mutating func step() {
        let minuteOfDay = minute % 1440
        if minuteOfDay == 0 { beginDay() }
        let fault = currentFault
        let sent = poisson(rate(minuteOfDay) / 60)
        var silent = false
        var rate = traffic.deliveryRate * dayRate
        var outcome = SimulatedTraffic.ordinaryOutcome
        var (late, slow) = (0, 0)
        switch fault {
        case .silence: silent = true
        case .deliveryRate(let share, let cause): (rate, outcome) = (share, cause)
        case .lateReports(let seconds): late = seconds
        case .slowDelivery(let seconds): slow = seconds
        case nil: break
        }
        var slot = TrafficFigures(
            statuses: traffic.isOurs ? [2, sent] : [], ours: traffic.isOurs ? sent : 0)
        plan(sent, rate: rate, outcome: outcome, late: late, slow: slow)
        // What comes now; a provider that is silent sends none of it later.
        let due = pending.removeValue(forKey: minute) ?? []
        if !silent, !due.isEmpty { slot += arrivals(due, late: late, slow: slow) }
        slots[minute / 5, default: TrafficFigures()] += slot
        minute += 1
    }

    /// What the look-out sees at the end of the last minute.
    var history: TrafficHistory {
        let now = Self.start.advanced(by: .seconds(minute * 60 - 1))
        var history = TrafficHistory(now: now)
        let current = (minute - 1) / 5
        for day in 0...TrafficHistory.days {
            for offset in -15...7 {
                let slot = current - day * 288 + offset
                guard let figures = slots[slot] else { continue }
                history.add(figures, since: Self.start.advanced(by: .seconds(slot * 300)))
            }
        }
        return history
    }

    var now: Timestamp { Self.start.advanced(by: .seconds(minute * 60 - 1)) }

    private var currentFault: SimulatedTraffic.Fault? {
        guard let (minutes, fault) = traffic.fault, minutes.contains(minute) else { return nil }
        return fault
    }

    private mutating func beginDay() {
        dayRate = 1 + .random(in: -0.012...0.012, using: &generator)
        dayVolume = .random(in: 0.75...1.25, using: &generator)
        burstMinute =
            traffic.burst > 0 && Bool.random(using: &generator)
            ? Int.random(in: 480..<1200, using: &generator) : nil
    }

    /// Messages in an hour at this time: little at night, half at the weekend.
    private func rate(_ minuteOfDay: Int) -> Double {
        let hour = Double(minuteOfDay) / 60
        let shape: Double =
            switch hour {
            case ..<6: 0.06
            case ..<9: 0.06 + (hour - 6) / 3 * 0.94
            case ..<18: 1
            case ..<22: 1 - (hour - 18) / 4 * 0.8
            default: 0.2 - (hour - 22) / 2 * 0.14
            }
        let isWeekend = minute / 1440 % 7 >= 5
        var rate = traffic.busiestHour * shape * dayVolume * (isWeekend ? 0.5 : 1)
        if let burstMinute, (burstMinute..<burstMinute + 5).contains(minuteOfDay) {
            rate += traffic.burst * traffic.busiestHour * 12
        }
        return rate
    }

    /// Spreads the messages of a minute over those in which one hears of them.
    private mutating func plan(
        _ sent: Int64, rate: Double, outcome: Int64, late: Int, slow: Int
    ) {
        let heard = sent - binomial(sent, traffic.unheardShare)
        let delivered = binomial(heard, rate)
        var (quick, failing) = (delivered, heard - delivered)
        // Most within the minute, some in the next ones, and a few much later, when a handset is on
        // again.
        let extra = (late + slow) / 60
        for (delay, share) in [(0, 0.85), (1, 0.5), (3, 0.6), (20, 0.5), (180, 1.0)] {
            let now = share == 1 ? quick : binomial(quick, share)
            let failed = share == 1 ? failing : binomial(failing, share)
            quick -= now
            failing -= failed
            guard now + failed > 0 else { continue }
            pending[minute + delay + extra, default: []].append((now, failed, outcome))
        }
    }

    private mutating func arrivals(
        _ due: [(delivered: Int64, failed: Int64, outcome: Int64)], late: Int, slow: Int
    ) -> TrafficFigures {
        let delivered = due.reduce(0) { $0 + $1.delivered }
        let failed = due.reduce(0) { $0 + $1.failed }
        var statuses: [Int64] = [4, delivered, 5, failed]
        if traffic.isOurs { statuses += [2, -(delivered + failed)] }
        // Three times stand for all: what is read of them are medians and the like.
        var delays: [Int64] = []
        var ages: [Int64] = []
        for factor in [0.5, 1.0, 2.0] {
            let delay = traffic.medianDelay * factor * (0.8 + 0.45 * uniform())
            delays += [Self.class(delay + Double(slow)), (delivered + 2) / 3]
            let age = 2 * factor * (0.8 + 0.45 * uniform())
            ages += [Self.class(age + Double(late)), (delivered + failed + 2) / 3]
        }
        return TrafficFigures(
            statuses: statuses,
            failures: due.filter { $0.failed > 0 }.flatMap { [$0.outcome, $0.failed] },
            delays: delays, ages: ages)
    }

    private static func `class`(_ seconds: Double) -> Int64 {
        let start = Timestamp(microseconds: 0)
        let end = start.advanced(by: .seconds(seconds))
        return Int64(DelayClass(from: start, to: end).rawValue)
    }

    // The generator is asked for whole numbers: a debug build spends its time in anything more.

    private mutating func poisson(_ mean: Double) -> Int64 {
        rounded(mean + normal() * mean.squareRoot())
    }

    private mutating func binomial(_ count: Int64, _ share: Double) -> Int64 {
        let mean = Double(count) * share
        return min(count, rounded(mean + normal() * (mean * (1 - share)).squareRoot()))
    }

    /// To one of the two next whole numbers, so that small shares of few are not always none.
    private mutating func rounded(_ value: Double) -> Int64 {
        max(0, Int64((value + uniform()).rounded(.down)))
    }

    private mutating func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

    /// Four uniform numbers make a normal one, nearly.
    private mutating func normal() -> Double {
        let bits = generator.next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Double(sum) / 65_536 - 2) * 1.732
    }
}
