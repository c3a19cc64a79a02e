import Domain
import Testing

@testable import Sending

@Suite("What a lane leases")
struct LaneStateTests {
    private let at = Samples.time
    private let beginning = LaneState.Origin()
    private let elsewhere = LaneState.Origin(isElsewhere: true)
    private let apart = LaneState.Origin(isApart: true)

    private func portions(_ state: LaneState, _ concurrency: Int = 4, at second: Int = 0)
        -> [LaneState.Portion]
    {
        state.plan(concurrency, at: at(second), chance: 0.25).portions
    }

    @Test("A healthy provider gets the oldest messages, as many requests as are free")
    func well() {
        var state = LaneState()
        #expect(portions(state) == [.init(choice: .oldest, requests: 4)])
        for _ in 0..<3 { _ = state.began(beginning) }
        #expect(portions(state) == [.init(choice: .oldest, requests: 1)])
        _ = state.began(beginning)
        #expect(portions(state).isEmpty)
        state.freed(beginning)
        #expect(portions(state) == [.init(choice: .oldest, requests: 1)])
    }

    @Test("After a failure half of the requests go to the other end of the queue")
    func caution() {
        var state = LaneState()
        _ = state.health.record(.failed, isTrial: false, at: at(0), jitter: 0)
        #expect(
            portions(state)
                == [.init(choice: .newest, requests: 2), .init(choice: .oldest, requests: 2)])
        // Those of the beginning that do not end never have more than their half.
        _ = state.began(beginning)
        _ = state.began(beginning)
        #expect(portions(state) == [.init(choice: .newest, requests: 2)])
        #expect(portions(state, at: 61) == [.init(choice: .oldest, requests: 2)])
    }

    @Test("With one request at a time the parts of the queue alternate")
    func turns() {
        var state = LaneState()
        _ = state.health.record(.failed, isTrial: false, at: at(0), jitter: 0)
        #expect(portions(state, 1) == [.init(choice: .newest, requests: 1)])
        _ = state.began(elsewhere)
        state.freed(elsewhere)
        #expect(portions(state, 1) == [.init(choice: .oldest, requests: 1)])
        _ = state.began(beginning)
        state.freed(beginning)
        #expect(portions(state, 1) == [.init(choice: .newest, requests: 1)])
        #expect(state.apartLimit(1) == 1)
        _ = state.began(apart)
        state.freed(apart)
        #expect(state.apartLimit(1) == 0)
    }

    @Test("Messages that are sent alone have half of the requests while others wait")
    func apartLimit() {
        var state = LaneState()
        #expect(state.apartLimit(4) == 2)
        for _ in 0..<3 { _ = state.began(apart) }
        #expect(state.apartLimit(4) == 0)
        for _ in 0..<2 { state.freed(apart) }
        #expect(state.apartLimit(4) == 1)
    }

    @Test("A trial is one message, from another place each time, to other recipients than failed")
    func trials() throws {
        var state = LaneState()
        for number in 0..<5 {
            let lease = Samples.lease([try Samples.leased(number)], number: number)
            _ = state.began(beginning)
            state.ended(lease, .failed)
            _ = state.health.record(.failed, isTrial: false, at: at(0), jitter: 0)
            state.freed(beginning)
        }
        #expect(portions(state, at: 1).isEmpty)
        #expect(state.plan(4, at: at(1), chance: 0).nextAt == at(2))
        func trial(_ place: Double?) -> LaneState.Portion {
            let choice = LeaseRequest.Trial(isFresh: false, place: place, avoiding: ["+417"])
            return .init(choice: .trial(choice), requests: 1)
        }
        #expect(portions(state, at: 2) == [trial(nil)])
        _ = state.health.record(.failed, isTrial: false, at: at(2), jitter: 0)
        #expect(portions(state, at: 9) == [trial(0.25)])
        // A message accepted there shows that the place is not the reason.
        state.ended(Samples.lease([try Samples.leased(9)]), .good)
        _ = state.health.record(.failed, isTrial: false, at: at(9), jitter: 0)
        guard case .trial(let last)? = portions(state, at: 99).first?.choice else {
            Issue.record("no trial")
            return
        }
        #expect(last.avoiding.isEmpty && last.place == nil)
    }

    @Test("A request that never ends is overdue; one that ended is not, however long ago")
    func overdue() throws {
        var state = LaneState()
        let now = ContinuousClock.now
        let lease = Samples.lease([try Samples.leased(0)])
        state.started(lease.id, at: now)
        #expect(!state.isOverdue(.seconds(90), at: now + .seconds(90)))
        #expect(state.isOverdue(.seconds(90), at: now + .seconds(91)))
        state.ended(lease, .good)
        #expect(!state.isOverdue(.seconds(90), at: now + .seconds(1000)))
    }

    @Test("Leasing that is too slow is halved down to one message, and grows again when quick")
    func pace() {
        var pace = LeasePace()
        let bound = Duration.seconds(10)
        pace.leased(2000, in: .seconds(4), bound: bound)
        #expect(pace.limit == nil)
        var expected = 2000
        for _ in 0..<15 {
            pace.leased(expected, in: .seconds(11), bound: bound)
            expected = max(1, expected / 2)
            #expect(pace.limit == expected)
        }
        #expect(pace.limit == 1)
        // Nothing was leased: that says nothing.
        pace.leased(0, in: .seconds(11), bound: bound)
        pace.leased(0, in: .zero, bound: bound)
        #expect(pace.limit == 1)
        pace.leased(1, in: .seconds(1), bound: bound)
        #expect(pace.limit == 2)
        pace.leased(1, in: .seconds(1), bound: bound)
        #expect(pace.limit == 2)
        for _ in 0..<20 { pace.leased(pace.limit ?? 0, in: .seconds(1), bound: bound) }
        #expect(pace.limit == nil)
    }
}
