import Testing

@testable import Domain

@Suite("Who watches what")
struct WatchIndexTests {
    private func id(_ number: UInt64) -> MessageID { MessageID(high: 1, low: number) }

    private func change(_ message: UInt64, _ sequence: Int64) -> StatusChange {
        StatusChange(
            message: id(message), sequence: ChangeSequence(rawValue: sequence), status: .sent,
            cause: .callback)
    }

    @Test("A change that nobody watches asks for no message")
    func unwatched() {
        var index = WatchIndex<Int>()
        #expect(index.needed([change(1, 1)], limit: 10).messages.isEmpty)
        index.add(7, to: .messages([id(2), id(3)]))
        #expect(index.needed([change(1, 1)], limit: 10).messages.isEmpty)
        let needed = index.needed([change(3, 1), change(1, 2), change(3, 3)], limit: 10)
        #expect(needed.messages == [id(3)])
        #expect(needed.servesFilters)
        #expect(index.watchers(of: id(3)) == [7])
    }

    @Test("Beyond the limit, streams with a filter get nothing, and the others all of theirs")
    func limit() {
        var index = WatchIndex<Int>()
        index.add(1, to: .filter(LiveFilter(isFinal: true)))
        index.add(2, to: .messages([id(5)]))
        let changes = (1...6).map { change(UInt64($0), Int64($0)) }
        #expect(index.needed(changes, limit: 6).messages.count == 6)
        let few = index.needed(changes, limit: 5)
        #expect(few.messages == [id(5)])
        #expect(!few.servesFilters)
    }

    @Test(
        "What is removed is gone, whatever the order",
        arguments: [[1, 2, 3], [3, 1, 2], [2, 3, 1]])
    func removal(order: [Int]) {
        var index = WatchIndex<Int>()
        for watcher in 1...3 {
            index.add(watcher, to: .messages([id(1)]))
            index.add(watcher, to: .filter(LiveFilter()))
        }
        var left = Set(1...3)
        for watcher in order {
            index.remove(watcher, from: .messages([id(1)]))
            index.remove(watcher, from: .filter(LiveFilter()))
            left.remove(watcher)
            #expect(Set(index.watchers(of: id(1))) == left)
            #expect(Set(index.filters.values.flatMap { $0 }) == left)
        }
        #expect(index.filters.isEmpty)
    }
}
