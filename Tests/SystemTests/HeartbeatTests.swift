import Testing

@testable import System

@Suite("Heartbeats")
struct HeartbeatTests {
    @Test("a thread is late when its round takes longer than allowed")
    func allowance() {
        let heartbeat = Heartbeat()
        heartbeat.beat(allowing: .seconds(600))
        let now = ContinuousClock.now
        #expect(!heartbeat.isLate(at: now + .seconds(590)))
        #expect(heartbeat.isLate(at: now + .seconds(601)))
        heartbeat.beat()
        #expect(heartbeat.isLate(at: .now + .seconds(46)))
    }
}
