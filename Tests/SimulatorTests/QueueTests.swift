import Domain
import Testing

@testable import Simulator

@Suite("The simulator's queue and book")
struct QueueTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    private func record(
        _ name: String, _ api: API = .infobipV3, _ behavior: Behavior = .delivered,
        at time: Timestamp? = nil
    ) -> MessageRecord {
        MessageRecord(
            api: api, name: MessageName(name), recipient: "447700900123", sender: nil,
            text: "hello", url: "https://dlr.example.com", usesGet: false, callbackData: nil,
            bulkID: nil, reportedStages: .done, behavior: behavior, segments: 1, reportedParts: 1,
            fingerprint: UInt64(name.utf8.count), acceptedAt: time ?? now)
    }

    private func item(_ serial: Int) -> CallbackItem {
        CallbackItem(serial: serial, stage: .done, part: 1)
    }

    @Test("What is due comes in the order of its times, and nothing before them")
    func heap() {
        var heap = TimerHeap<Int>()
        let delays = [5, 3, 9, 1, 7, 3, 0, 8]
        for delay in delays { heap.insert(delay, due: now.advanced(by: .seconds(delay))) }
        #expect(heap.first == now)
        var popped: [Int] = []
        while let next = heap.pop(until: now.advanced(by: .seconds(7))) { popped.append(next) }
        #expect(popped == [0, 1, 3, 3, 5, 7])
        #expect(heap.count == 2)
    }

    @Test("Infobip's reports are sent in batches, as many at once as there are slots")
    func batches() {
        var queue = CallbackQueue()
        for serial in 0..<250 { queue.gather(item(serial), of: record("a"), url: "u") }
        #expect(queue.waiting == 250)
        let first = queue.take(at: now, batch: 100, places: 2)
        #expect(first.map(\.items.count) == [100, 100])
        do {
            let none = queue.take(at: now, batch: 100, places: 2)
            #expect(none.isEmpty)
        }
        queue.finish()
        let second = queue.take(at: now, batch: 100, places: 2)
        #expect(second.map(\.items.count) == [50])
        #expect(Set((first + second).flatMap(\.items).map(\.serial)).count == 250)
        #expect(queue.waiting == 0)
    }

    @Test("Plivo's reports are sent one by one")
    func singles() {
        var queue = CallbackQueue()
        for serial in 0..<3 { queue.gather(item(serial), of: record("a", .plivo), url: "u") }
        let taken = queue.take(at: now, batch: 100, places: 8)
        #expect(taken.map(\.items.count) == [1, 1, 1])
    }

    @Test(
        "A callback that is not accepted is repeated as the provider does it, and then no more",
        arguments: [
            (API.infobipV3, [60, 120, 300, 600, 1_020, 1_560], 20), (.plivo, [60, 120, 240], 3),
        ])
    func retries(api: API, seconds: [Int], attempts: Int) throws {
        let provider: any SimulatedProvider =
            api == .plivo
            ? SimulatedPlivo(account: PlivoAccount()) : SimulatedInfobip(account: InfobipAccount())
        var settings = SimulatorSettings()
        settings.report_delay_ms = 0
        settings.retry_scale = 0.01
        var state = SimulatorState(settings)
        _ = state.accept(record("a", api))
        var time = now.advanced(by: .seconds(1))
        var delivery = try #require(state.pump(at: time).deliveries.first)
        for attempt in 0..<attempts {
            let delay = try #require(provider.retryDelay(afterAttempt: delivery.attempt))
            if attempt < seconds.count { #expect(delay == .seconds(seconds[attempt])) }
            _ = state.finish(delivery, isAcknowledged: false, retryDelay: delay, at: time)
            let wait = delay * 0.01
            let early = state.pump(at: time.advanced(by: wait - .milliseconds(1))).deliveries
            #expect(early.isEmpty)
            time = time.advanced(by: wait)
            delivery = try #require(state.pump(at: time).deliveries.first)
            #expect(delivery.attempt == attempt + 1)
        }
        #expect(provider.retryDelay(afterAttempt: delivery.attempt) == nil)
        _ = state.finish(delivery, isAcknowledged: false, retryDelay: nil, at: time)
        #expect(state.counts.callbacksGivenUp == 1)
        #expect(state.queue.waiting == 0)
        #expect(state.queue.inFlight == 0)
    }

    @Test("The book keeps the newest messages and finds nothing of the others")
    func bound() {
        var book = MessageBook(limit: 3)
        let serials = ["a", "bb", "ccc", "dddd"].map { book.insert(record($0)) }
        #expect(serials == [0, 1, 2, 3])
        #expect(book.count == 3)
        #expect(book.serial(named: MessageName("a")) == nil)
        #expect(book.serial(ofFingerprint: 1) == nil)
        #expect(book.serial(named: MessageName("dddd")) == 3)
        #expect(Array(book.serials(of: "447700900123")) == [3, 2, 1])
        book.removeAll()
        #expect(book.count == 0)
        #expect(!book.has(3))
        let next = book.insert(record("a"))
        #expect(next > 3)
        #expect(book[next].name == MessageName("a"))
        #expect(Array(book.serials(of: "447700900123")) == [next])
    }

    @Test("Held-back callbacks of a period are sent together at its end, and none before")
    func burst() {
        var settings = SimulatorSettings()
        settings.burst_ms = 2_000
        var state = SimulatorState(settings)
        for number in 0..<5 {
            let time = now.advanced(by: .milliseconds(300 * number))
            _ = state.accept(record("m\(number)", .infobipV3, .burst, at: time))
        }
        let early = state.pump(at: now.advanced(by: .milliseconds(1_999))).deliveries
        #expect(early.isEmpty)
        let due = state.pump(at: now.advanced(by: .milliseconds(2_000))).deliveries
        #expect(due.map(\.items.count) == [5])
    }

    @Test("More messages than are kept cost no more memory, and dropped ones are not reported")
    func forgotten() {
        var state = SimulatorState(SimulatorSettings())
        _ = state.accept(record("a"))
        state.removeAll()
        _ = state.accept(record("b"))
        let deliveries = state.pump(at: now.advanced(by: .seconds(10))).deliveries
        #expect(deliveries.map(\.items.count) == [1])
        #expect(state.book.count == 1)
    }

    @Test("A window takes its limit, then nothing until it is over")
    func window() {
        var window = RequestWindow(of: .seconds(5))
        let answers = [0, 1, 2, 4, 5, 6].map { seconds in
            window.excess(over: 2, at: now.advanced(by: .seconds(seconds)))
        }
        #expect(answers == [nil, nil, 3, 1, nil, nil])
        // A clock that was set back begins a new window.
        let isOpen = window.excess(over: 2, at: now) == nil
        #expect(isOpen)
    }
}
