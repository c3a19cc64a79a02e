import Domain
import Testing

@Suite("Precedence")
struct PrecedenceTests {
    private static func report(
        _ status: Status, minute: Int?, error: String? = nil
    ) -> Report {
        Report(
            message: MessageID(high: 1, low: 2), provider: .infobip, providerMessageID: "m",
            status: status,
            outcome: Outcome(provider: .infobip, statusName: status.rawValue, errorCode: error),
            doneAt: minute.map { Timestamp(microseconds: Int64($0) * 60_000_000) })
    }

    /// Every status at no time and at two times, some of them with two errors.
    private static let reports: [Report] = Status.allCases.flatMap { status in
        [nil, 10, 20].flatMap { minute in
            [
                report(status, minute: minute),
                report(status, minute: minute, error: "27"),
            ]
        }
    }

    /// The fold that SQL does: the greatest precedence, then the greatest fingerprint.
    private static func fold(_ reports: some Sequence<Report>) -> Report? {
        reports.reduce(nil as Report?) { best, next in
            guard let best else { return next }
            let isBeaten =
                best.precedence != next.precedence
                ? best.precedence < next.precedence : best.fingerprint < next.fingerprint
            return isBeaten ? next : best
        }
    }

    @Test("Any order and any duplicates of any reports end in the same report")
    func orderDoesNotMatter() {
        var generator = SplitMix(state: 7)
        for _ in 0..<2000 {
            let chosen = (0..<Int.random(in: 1...6, using: &generator)).compactMap { _ in
                Self.reports.randomElement(using: &generator)
            }
            let expected = Self.fold(chosen)
            for _ in 0..<5 {
                let again = chosen + chosen.shuffled(using: &generator).prefix(3)
                #expect(Self.fold(again.shuffled(using: &generator)) == expected)
            }
        }
    }

    @Test("Merging in parts is merging as a whole")
    func mergingIsAssociative() {
        var generator = SplitMix(state: 11)
        for _ in 0..<2000 {
            let chosen = (0..<6).compactMap { _ in Self.reports.randomElement(using: &generator) }
            let cut = Int.random(in: 0...6, using: &generator)
            let parts = [chosen[..<cut], chosen[cut...]].compactMap { Self.fold($0) }
            #expect(Self.fold(parts) == Self.fold(chosen))
        }
    }

    @Test("A final report takes precedence over every other, whatever their times")
    func finalWins() {
        for winner in Self.reports where winner.status.isFinal {
            for loser in Self.reports where !loser.status.isFinal {
                #expect(loser.precedence < winner.precedence)
                #expect(winner.precedence.rule(against: loser.precedence) == .finalBeatsNotFinal)
            }
        }
    }

    @Test(
        "A later stage takes precedence over an earlier one, whatever the times",
        arguments: zip(
            [Status.queued, .unknown, .accepted], [Status.unknown, .accepted, .sent]))
    func furtherAlongWins(earlier: Status, later: Status) {
        let old = Precedence(status: later, at: nil)
        let new = Precedence(status: earlier, at: Timestamp(microseconds: 1_700_000_000_000_000))
        #expect(new < old)
        #expect(old.rule(against: new) == .furtherAlong)
    }

    @Test("Among final reports the later provider time wins, and a microsecond is enough")
    func laterFinalWins() {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        let failed = Precedence(status: .failed, at: time.advanced(by: .microseconds(1)))
        let delivered = Precedence(status: .delivered, at: time)
        #expect(delivered < failed)
        #expect(failed.rule(against: delivered) == .laterProviderTime)
    }

    @Test(
        "At the same time delivered takes precedence over every failure",
        arguments: [Status.undeliverable, .expired, .rejected, .failed])
    func deliveredWinsATie(failure: Status) {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        let delivered = Precedence(status: .delivered, at: time)
        let failed = Precedence(status: failure, at: time)
        #expect(failed < delivered)
        #expect(delivered.rule(against: failed) == .deliveredBeatsFailed)
    }

    @Test("Times before 1970 and in the far future neither overflow nor change the other rules")
    func extremeTimes() {
        for time in [Int64.min, -1, 0, 1 << 52, .max] {
            let final = Precedence(status: .expired, at: Timestamp(microseconds: time))
            let sent = Precedence(status: .sent, at: Timestamp(microseconds: time))
            #expect(final.rawValue > 0 && sent.rawValue > 0)
            #expect(sent < final)
        }
    }

    @Test("Equal precedences are ordered by the fingerprint")
    func fingerprintDecides() {
        let a = Self.report(.failed, minute: 1, error: "1")
        let b = Self.report(.failed, minute: 1, error: "2")
        #expect(a.precedence == b.precedence && a.fingerprint != b.fingerprint)
        #expect(a.precedence.rule(against: b.precedence) == .fingerprint)
    }
}

/// A seeded generator, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
