import Domain
import Testing

@testable import Webhooks

@Suite("The deliveries of one webhook")
struct LaneTests {
    private static let start = ContinuousClock.now

    private static func lane(rate: Int? = nil, concurrency: Int = 4) -> WebhookLane {
        WebhookLane(
            WebhookTarget(
                id: .new(at: .now), origin: .made, url: "https://example.com/", rate: rate,
                concurrency: concurrency, headers: "{}", hasNumbers: false, failingSince: nil,
                secrets: [WebhookSecret(.shared, [UInt8](repeating: 1, count: 32))]),
            at: start)
    }

    private static func delivery(_ number: Int64) -> WebhookDelivery {
        WebhookDelivery(
            number: number, webhook: .new(at: .now), event: .new(at: .now), type: .test,
            occurredAt: .now, attempts: 0, url: nil, content: .other("{}"))
    }

    private static func ended(
        _ lane: inout WebhookLane, _ status: Int, at now: ContinuousClock.Instant
    ) {
        lane.ended(Verdict(status: status), wish: nil, at: now, time: .now)
    }

    @Test("requests at the same time grow with successes, up to what was chosen")
    func width() {
        var lane = Self.lane(concurrency: 4)
        for number in 0..<20 { lane.add(Self.delivery(Int64(number))) }
        #expect(lane.next(at: Self.start) != nil && lane.next(at: Self.start) != nil)
        #expect(lane.next(at: Self.start) == nil)
        for _ in 0..<2 { Self.ended(&lane, 200, at: Self.start) }
        var begun = 0
        while lane.next(at: Self.start) != nil { begun += 1 }
        #expect(begun == 4)
    }

    @Test("after many failures there is one attempt at a time, and the queue keeps the rest")
    func failures() throws {
        var lane = Self.lane()
        for number in 0..<60 { lane.add(Self.delivery(Int64(number))) }
        var now = Self.start
        var rests: [Duration] = []
        for _ in 0..<20 {
            if lane.next(at: now) == nil {
                let chance = try #require(lane.nextChance(at: now))
                rests.append(chance - now)
                now = chance
                if lane.next(at: now) == nil {
                    lane.add(Self.delivery(.random(in: 100...1_000_000)))
                    _ = lane.next(at: now)
                }
            }
            #expect(lane.next(at: now) == nil || lane.inFlight <= 2)
            while lane.inFlight > 0 { Self.ended(&lane, 500, at: now) }
        }
        #expect(rests.count > 5)
        #expect(rests.last == .seconds(60))
        #expect(lane.held.count <= 60 && lane.health.failingSince != nil)
        let since = lane.health.failingSince
        lane.add(Self.delivery(5_000_000))
        now += .seconds(61)
        _ = lane.next(at: now)
        Self.ended(&lane, 503, at: now)
        #expect(lane.health.failingSince == since)
        now += .seconds(61)
        lane.add(Self.delivery(5_000_001))
        _ = lane.next(at: now)
        Self.ended(&lane, 204, at: now)
        #expect(lane.health.failingSince == nil)
        #expect(lane.room(at: now) > 10)
    }

    @Test("a rate holds, whatever waits")
    func rate() {
        var lane = Self.lane(rate: 10, concurrency: 64)
        for number in 0..<100 { lane.add(Self.delivery(Int64(number))) }
        var begun = 0
        for step in 0..<300 {
            let now = Self.start + .milliseconds(10) * step
            while lane.next(at: now) != nil {
                begun += 1
                Self.ended(&lane, 200, at: now)
            }
        }
        #expect((27...32).contains(begun), "\(begun) in three seconds")
    }

    @Test("a webhook that is another process's begins nothing more")
    func retired() {
        var lane = Self.lane()
        for number in 0..<5 { lane.add(Self.delivery(Int64(number))) }
        let first = lane.next(at: Self.start)
        lane.retire()
        #expect(lane.next(at: Self.start) == nil && lane.room(at: Self.start) == 0)
        #expect(lane.held.count == 1)
        Self.ended(&lane, 200, at: Self.start)
        lane.stored(first?.number ?? 0)
        #expect(lane.isIdle)
    }
}
