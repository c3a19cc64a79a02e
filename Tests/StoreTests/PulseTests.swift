import Testing

@testable import Store

@Suite("A stuck writer and a busy one")
struct PulseTests {
    private let start = ContinuousClock.now
    private let limit = Duration.seconds(13)

    private func later(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("an idle writer is never stuck")
    func isIdle() {
        var pulse = Pulse()
        #expect(!pulse.isStuck(for: limit, at: later(1000)))
        pulse.began(0, at: start)
        pulse.ended(0, hasMore: false, at: later(1))
        #expect(!pulse.isStuck(for: limit, at: later(1000)))
    }

    @Test("a long queue whose attempts end, be it with failures, is not stuck")
    func isBusy() {
        var pulse = Pulse()
        pulse.beganToWait(at: start)
        for second in stride(from: 0.0, to: 100, by: 10) {
            pulse.began(0, at: later(second))
            #expect(!pulse.isStuck(for: limit, at: later(second + 9)))
            pulse.ended(0, hasMore: true, at: later(second + 9))
        }
        #expect(!pulse.isStuck(for: limit, at: later(99 + 13)))
        #expect(pulse.isStuck(for: limit, at: later(99 + 14)))
    }

    @Test("what waits and is not taken shows a stuck writer, also when it came after a quiet hour")
    func isNotTaken() {
        var pulse = Pulse()
        pulse.began(0, at: start)
        pulse.ended(0, hasMore: false, at: start)
        pulse.beganToWait(at: later(3600))
        pulse.beganToWait(at: later(3610))
        #expect(!pulse.isStuck(for: limit, at: later(3612)))
        #expect(pulse.isStuck(for: limit, at: later(3614)))
    }

    @Test("one committer that ends its attempts is enough, none is too few")
    func countsAll() {
        var pulse = Pulse()
        pulse.began(0, at: start)
        pulse.began(1, at: later(10))
        pulse.ended(1, hasMore: false, at: later(11))
        #expect(!pulse.isStuck(for: limit, at: later(20)))
        #expect(pulse.isStuck(for: limit, at: later(25)))
    }
}
