import Domain
import Testing

@testable import Web

@Suite("Callers that wait for providers")
struct SendWatchTests {
    private let now = ContinuousClock.now
    private let accepted = SendState(status: .accepted, problem: nil)
    private let queued = SendState(status: .queued, problem: nil)

    private func id(_ number: UInt64) -> MessageID { MessageID(high: 0x7000, low: number) }

    @Test("A waiter leaves when all of its messages have left the queue")
    func leaves() {
        var list = WatchList()
        let waiter = list.add([id(1), id(2)], until: now + .seconds(10))
        #expect(list.settle([id(1): accepted, id(2): queued], at: now) == [])
        #expect(list.pending == [id(2)])
        #expect(
            list.settle([id(2): accepted], at: now) == [
                WatchList.Leaver(
                    id: waiter ?? 0, states: [id(1): accepted, id(2): accepted])
            ])
        #expect(list.count == 0)
        #expect(list.deadline == nil)
    }

    @Test("A waiter leaves when its time is over, with what is known")
    func deadline() {
        var list = WatchList()
        let first = list.add([id(1)], until: now + .seconds(2))
        let second = list.add([id(2), id(3)], until: now + .seconds(1))
        #expect(list.deadline == now + .seconds(1))
        #expect(list.settle([id(3): accepted], at: now + .milliseconds(999)) == [])
        #expect(
            list.settle([:], at: now + .seconds(1)) == [
                WatchList.Leaver(id: second ?? 0, states: [id(3): accepted])
            ])
        #expect(
            list.settle([id(1): queued], at: now + .seconds(2)) == [
                WatchList.Leaver(id: first ?? 0, states: [id(1): queued])
            ])
    }

    @Test("A closed list lets all waiters go and accepts none")
    func closed() {
        var list = WatchList()
        _ = list.add([id(1)], until: now + .seconds(2))
        list.close()
        #expect(list.add([id(2)], until: now + .seconds(2)) == nil)
        #expect(list.settle([:], at: now).count == 1)
        #expect(list.count == 0)
    }

    @Test("There is room for 512 waiters and for so many messages, and again when they have left")
    func room() {
        var list = WatchList()
        for number in 0..<UInt64(WatchList.waiterLimit) {
            #expect(list.add([id(number)], until: now) != nil)
        }
        #expect(list.add([id(1000)], until: now) == nil)
        #expect(list.settle([id(3): accepted], at: now).count == WatchList.waiterLimit)
        let many = (0..<UInt64(WatchList.messageLimit)).map(id)
        #expect(list.add(many, until: now) != nil)
        #expect(list.add([id(1_000_000)], until: now) == nil)
        #expect(list.settle([:], at: now).count == 1)
        #expect(list.add([id(1_000_000)], until: now) != nil)
    }
}
