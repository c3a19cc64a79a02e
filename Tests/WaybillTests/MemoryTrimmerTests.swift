import Testing

@testable import waybill

@Suite("Trimming memory")
struct MemoryTrimmerTests {
    private let start = ContinuousClock.now

    @Test("Only what has grown is trimmed, at most once a minute, for as long as it is large")
    func schedule() {
        var schedule = TrimSchedule(residentBytes: 10 << 20)
        var decisions: [Bool] = []
        for (mebibytes, seconds) in [(17, 0), (18, 0), (90, 59), (90, 60), (80, 120), (12, 999)] {
            decisions.append(
                schedule.isDue(residentBytes: mebibytes << 20, at: start + .seconds(seconds)))
        }
        #expect(decisions == [false, true, false, true, true, false])
    }

    @Test("The process's own memory is known")
    func resident() throws {
        #expect(try #require(MemoryTrimmer.residentBytes()) > 1 << 20)
    }
}
