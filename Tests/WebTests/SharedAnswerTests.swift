import Domain
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("One query for all callers", .blocking)
struct SharedAnswerTests {
    /// A query that takes as long as the test wants.
    private final class Question: Sendable {
        let asked = Counter()
        private let gate = DispatchSemaphore(value: 0)

        func ask() -> Int {
            asked.add()
            gate.wait()
            return asked.value
        }

        func answer() { gate.signal() }
    }

    @Test("Callers that come together get the result of one query, and none makes another")
    func shared() {
        let question = Question()
        let answer = SharedAnswer("test", .onDemand, every: .seconds(3600)) { question.ask() }
        defer { answer.stop() }
        let values = Mutex<[Int?]>([])
        let group = DispatchGroup()
        for _ in 0..<50 {
            group.enter()
            Thread.detachNewThread {
                let reading = answer.latest(within: .seconds(10))
                values.withLock { $0.append(reading.value) }
                group.leave()
            }
        }
        #expect(waitUntil(within: .seconds(10)) { question.asked.value == 1 })
        question.answer()
        #expect(group.wait(timeout: .now() + 10) == .success)
        #expect(values.withLock { $0 } == Array(repeating: 1, count: 50))
        // It is also used for callers within the interval.
        #expect(answer.latest().value == 1)
        #expect(question.asked.value == 1)
    }

    @Test("A query without an answer is not waited for repeatedly")
    func hanging() {
        let question = Question()
        let answer = SharedAnswer("test", .onDemand, every: .zero) { question.ask() }
        defer { answer.stop() }
        #expect(answer.latest(within: .milliseconds(20)).value == nil)
        #expect(waitUntil(within: .seconds(10)) { question.asked.value == 1 })
        let reading = answer.latest(within: .milliseconds(20))
        #expect(reading.value == nil)
        #expect(reading.pending.map { $0 > .zero } == true)
        question.answer()
        #expect(waitUntil(within: .seconds(10)) { answer.latest().value == 1 })
        question.answer()
    }

    @Test("With a steady rhythm the value is there without a wait, queried only as often as set")
    func steady() {
        let asked = Counter()
        let answer = SharedAnswer("test", .steady, every: .seconds(3600)) { () -> Int in
            asked.add()
            return asked.value
        }
        defer { answer.stop() }
        #expect(waitUntil(within: .seconds(10)) { answer.latest().value == 1 })
        for _ in 0..<100 { _ = answer.latest() }
        #expect(asked.value == 1)
    }

    /// A database that hangs when the test says so.
    private final class Database: DatabaseProbe {
        let hangs = Atomic<Bool>(false)
        let gate = DispatchSemaphore(value: 0)
        static let well = DatabaseState(
            latency: .milliseconds(1), migration: 3, expectedMigration: 3, problem: nil)

        func databaseState() -> DatabaseState {
            if hangs.load(ordering: .relaxed) { gate.wait() }
            return Self.well
        }
    }

    @Test("A database that hangs is reported without waiting for it, and so is its return")
    func watch() {
        let database = Database()
        database.hangs.store(true, ordering: .relaxed)
        let watch = DatabaseWatch(database, first: Database.well, limit: .milliseconds(10))
        defer { watch.stop() }
        #expect(waitUntil(within: .seconds(10)) { watch.databaseState().latency == nil })
        let state = watch.databaseState()
        #expect(state.problem?.contains("has not answered for") == true)
        #expect(state.migration == nil)
        database.hangs.store(false, ordering: .relaxed)
        database.gate.signal()
        #expect(waitUntil(within: .seconds(10)) { watch.databaseState().problem == nil })
    }
}
