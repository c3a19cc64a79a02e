import Domain
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Sending

@Suite("Recorder", .blocking, .timeLimit(.minutes(10)))
struct RecorderTests {
    private let outbox = ScriptedOutbox()
    private let bell = CountingBell()
    private let recorder: Recorder
    private let completions = Counter()

    final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func add() { value.withLock { $0 += 1 } }
    }

    init() {
        recorder = Recorder(
            outbox, notifier: bell, databaseLimit: .seconds(60), logger: .silent)
    }

    private func entry(_ numbers: Range<Int>, stop: Recorder.StopChange? = nil) throws
        -> Recorder.Entry
    {
        var counts = SendCounts()
        counts.requests = 1
        let changes = try numbers.map { number in
            OutboxChange(
                message: try Samples.outgoing(number).id, lease: LeaseID(high: 9, low: 9),
                step: .done, event: nil)
        }
        return Recorder.Entry(
            provider: .infobip, changes: changes, counts: counts, stop: stop,
            completion: { [completions] in completions.add() })
    }

    private var recorded: [MessageID] { outbox.state.withLock { $0.recorded.map(\.message) } }

    private func ids(_ numbers: some Sequence<Int>) throws -> [MessageID] {
        try numbers.map { try Samples.outgoing($0).id }
    }

    @Test("Waiting entries are written together, and completed once")
    func together() throws {
        for number in 0..<3 { recorder.add(try entry(number..<number + 1)) }
        recorder.start()
        #expect(recorder.stop(within: .seconds(20)))
        #expect(try recorded == ids(0..<3))
        #expect(outbox.state.withLock { $0.recordCalls } == 1)
        #expect(outbox.state.withLock { $0.counts.requests } == 3)
        #expect(completions.count == 3)
        #expect(bell.count == 1)
    }

    @Test("Results wait for an unreachable database, also through a stop, and are written once")
    func outage() throws {
        outbox.state.withLock { $0.outages = 2 }
        recorder.start()
        recorder.add(try entry(0..<5))
        #expect(waitUntil(within: .seconds(20)) { outbox.state.withLock { $0.recordCalls } > 0 })
        #expect(completions.count == 0)
        recorder.add(try entry(5..<6))
        #expect(recorder.stop(within: .seconds(20)))
        #expect(try recorded == ids(0..<6))
        #expect(completions.count == 2)
    }

    @Test("A stop that ends before the database is reachable returns false")
    func hopeless() throws {
        outbox.state.withLock { $0.outages = .max }
        recorder.start()
        recorder.add(try entry(0..<1))
        #expect(!recorder.stop(within: .milliseconds(50)))
        #expect(completions.count == 0)
        outbox.state.withLock { $0.outages = 0 }
        #expect(recorder.stop(within: .seconds(20)))
        #expect(completions.count == 1)
    }

    @Test("One change that is refused for good affects only itself, and no slot")
    func poison() throws {
        let bad = try Samples.outgoing(13).id
        outbox.state.withLock { $0.poison = [bad] }
        for start in [0, 10, 20] { recorder.add(try entry(start..<start + 10)) }
        recorder.start()
        #expect(recorder.stop(within: .seconds(20)))
        #expect(try Set(recorded) == Set(ids((0..<30).filter { $0 != 13 })))
        #expect(recorded.count == 29)
        #expect(completions.count == 3)
        #expect(outbox.state.withLock { $0.counts.requests } == 3)
    }

    @Test("A stop is written before the results that it comes with")
    func stops() throws {
        let stop = ProviderStop(
            since: Samples.start, problem: Samples.problem, retryAt: Samples.time(30))
        recorder.start()
        recorder.add(try entry(0..<1, stop: .set(stop)))
        recorder.add(try entry(1..<2, stop: .clear))
        #expect(recorder.stop(within: .seconds(20)))
        #expect(outbox.state.withLock { $0.stops } == [stop, nil])
    }
}
