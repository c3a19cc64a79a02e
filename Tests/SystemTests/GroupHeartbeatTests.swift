import Testing

@testable import System

@Suite("A stuck group and a busy one")
struct GroupHeartbeatTests {
    private let start = ContinuousClock.now
    private let limit = Duration.seconds(13)

    private func later(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("an idle group is never stuck")
    func isIdle() {
        var heartbeat = GroupHeartbeat()
        #expect(!heartbeat.isStuck(for: limit, at: later(1000)))
        heartbeat.began(0, at: start)
        heartbeat.ended(0, hasMore: false, at: later(1))
        #expect(!heartbeat.isStuck(for: limit, at: later(1000)))
    }

    @Test("a long queue whose attempts end, even if they fail, is not stuck")
    func isBusy() {
        var heartbeat = GroupHeartbeat()
        heartbeat.beganToWait(at: start)
        for second in stride(from: 0.0, to: 100, by: 10) {
            heartbeat.began(0, at: later(second))
            #expect(!heartbeat.isStuck(for: limit, at: later(second + 9)))
            heartbeat.ended(0, hasMore: true, at: later(second + 9))
        }
        #expect(!heartbeat.isStuck(for: limit, at: later(99 + 13)))
        #expect(heartbeat.isStuck(for: limit, at: later(99 + 14)))
    }

    @Test("work that no thread takes shows a stuck group, also after a quiet hour")
    func isNotTaken() {
        var heartbeat = GroupHeartbeat()
        heartbeat.began(0, at: start)
        heartbeat.ended(0, hasMore: false, at: start)
        heartbeat.beganToWait(at: later(3600))
        heartbeat.beganToWait(at: later(3610))
        #expect(!heartbeat.isStuck(for: limit, at: later(3612)))
        #expect(heartbeat.isStuck(for: limit, at: later(3614)))
    }

    @Test("one thread that ends its attempts is enough")
    func countsAll() {
        var heartbeat = GroupHeartbeat()
        heartbeat.began(0, at: start)
        heartbeat.began(1, at: later(10))
        heartbeat.ended(1, hasMore: false, at: later(11))
        #expect(!heartbeat.isStuck(for: limit, at: later(20)))
        #expect(heartbeat.isStuck(for: limit, at: later(25)))
    }
}
