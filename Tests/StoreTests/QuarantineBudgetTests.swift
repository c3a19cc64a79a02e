import Domain
import Telemetry
import Testing

@testable import Store

@Suite("How much may go to quarantine")
struct QuarantineBudgetTests {
    private let start = Timestamp.noon()

    private func rejects(
        _ count: Int, _ reason: String = "bad_time", bytes: Int = 10
    ) -> [Reject] {
        (0..<count).map {
            Reject(
                reason: reason, place: "results[\($0)]", detail: "No such time.",
                excerpt: [UInt8](repeating: 0x61, count: bytes))
        }
    }

    @Test("few rejects are kept as they are")
    func keepsFew() {
        var budget = QuarantineBudget()
        let all = rejects(100, bytes: 1000) + rejects(100, "bad_price")
        let kept = budget.admit(all, at: start)
        #expect(kept == all)
        #expect(budget.leftOut == 0)
    }

    @Test("of one callback with thousands a hundred are kept, and a row says how many more")
    func boundsCallback() throws {
        var budget = QuarantineBudget()
        let all = rejects(10_000) + rejects(1, "bad_price")
        let kept = budget.admit(all, at: start)
        #expect(kept.count == 102)
        #expect(Array(kept.prefix(100)) == Array(all.prefix(100)))
        #expect(kept[100].reason == "bad_price")
        let note = try #require(kept.last)
        #expect(note.reason == "bad_time" && note.excerpt.isEmpty)
        #expect(note.detail.hasPrefix("9900 more of this reason in this callback were left out"))
        #expect(budget.leftOut == 9900)
    }

    @Test("a flood of one reason stays within rows and bytes, and lets a rare one through")
    func boundsFlood() throws {
        let limits = QuarantineBudget.Limits()
        var budget = QuarantineBudget(limits)
        var kept: [Reject] = []
        for _ in 0..<2000 { kept += budget.admit(rejects(60, bytes: 65_536), at: start) }
        let bytes = kept.reduce(0) { $0 + $1.excerpt.count + $1.place.utf8.count + 100 }
        #expect(kept.count <= limits.minuteRows && kept.count > 100)
        #expect(bytes <= limits.minuteBytes)
        let rare = rejects(1, "duplicate_key", bytes: 65_536)
        let admitted = budget.admit(rare, at: start)
        #expect(admitted == rare)
        #expect(budget.leftOut == 120_000 - kept.count)

        // The next minute begins with what the last one left out.
        let later = budget.admit(rejects(1), at: start.advanced(by: .seconds(61)))
        #expect(later.count == 2)
        #expect(
            later[0].detail.hasPrefix("\(120_000 - kept.count) more of this reason were left out"))
        #expect(later[1] == rejects(1)[0])
    }

    @Test("an unlimited number of reasons share one budget")
    func boundsReasons() {
        var limits = QuarantineBudget.Limits()
        limits.minuteRows = 10
        limits.reasons = 5
        var budget = QuarantineBudget(limits)
        var kept = 0
        for number in 0..<1000 { kept += budget.admit(rejects(1, "r\(number)"), at: start).count }
        #expect(kept == 5 + 10)
    }

    @Test("a clock that is set back does not lengthen a minute")
    func survivesClock() {
        var limits = QuarantineBudget.Limits()
        limits.minuteRows = 1
        var budget = QuarantineBudget(limits)
        let first = budget.admit(rejects(2), at: start)
        #expect(first.count == 1)
        let second = budget.admit(rejects(1), at: start.advanced(by: .seconds(-3600)))
        #expect(second.first?.detail.hasPrefix("1 more of this reason") == true)
    }

    @Test("growth by rows or by bytes asks for a cut, once")
    func growth() {
        var limits = QuarantineBudget.Limits()
        limits.growthRows = 3
        limits.growthBytes = 10_000
        var budget = QuarantineBudget(limits)
        var asked: [Bool] = []
        // Admitted rows are not written yet.
        _ = budget.admit(rejects(10), at: start)
        budget.wrote(rejects(2))
        asked.append(budget.takeGrowth())
        budget.wrote(rejects(1))
        asked += [budget.takeGrowth(), budget.takeGrowth()]
        budget.returnGrowth()
        asked.append(budget.takeGrowth())
        budget.wrote(rejects(1, bytes: 10_000))
        asked.append(budget.takeGrowth())
        #expect(asked == [false, true, false, true, true])
    }
}
