import Dispatch
import Domain
import Synchronization
import Testing

import TestSupport
@testable import Store

@Suite("What waits for a commit", .blocking)
struct SubmissionQueueTests {
    private func entry(
        _ reports: Int = 1, bytes: Int = 0, in limit: Duration = .seconds(60)
    ) -> SubmissionQueue.Entry {
        SubmissionQueue.Entry(
            submission: .sample(
                (0..<reports).map { .sample($0) }, body: String(repeating: "x", count: bytes)),
            deadline: .now + limit, completion: { _ in })
    }

    @Test("entries come out in the order of their coming, by whole submissions")
    func isFirstInFirstOut() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        for reports in [3, 4, 5] { #expect(queue.append(entry(reports)) == nil) }
        #expect(queue.count == 12)
        #expect(queue.take(upTo: 7).map(\.submission.reports.count) == [3, 4])
        #expect(queue.count == 5)
        #expect(queue.take(upTo: 1).map(\.submission.reports.count) == [5])
        #expect(queue.count == 0)
        #expect(queue.take(upTo: 1).isEmpty)
    }

    @Test("the oldest deadline is that of the first entry that still waits")
    func oldestDeadline() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        #expect(queue.oldestDeadline == nil)
        let entries = [entry(in: .seconds(1)), entry(in: .seconds(2))]
        for entry in entries { #expect(queue.append(entry) == nil) }
        #expect(queue.oldestDeadline == entries[0].deadline)
        _ = queue.take(upTo: 1)
        #expect(queue.oldestDeadline == entries[1].deadline)
        _ = queue.take(upTo: 1)
        #expect(queue.oldestDeadline == nil)
    }

    @Test("the bound is on reports, and a callback without any counts as one")
    func isBounded() {
        let queue = SubmissionQueue(capacity: 3, byteCapacity: 1000)
        #expect(queue.append(entry(2)) == nil)
        #expect(queue.append(entry(2)) == .full)
        #expect(queue.append(entry(0)) == nil)
        #expect(queue.append(entry(0)) == .full)
        _ = queue.take(upTo: 1)
        #expect(queue.append(entry(2)) == nil)
    }

    @Test("the bound is on bytes, and what was taken no longer counts")
    func isBoundedInBytes() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 10)
        #expect(queue.append(entry(bytes: 6)) == nil)
        #expect(queue.append(entry(bytes: 6)) == .full)
        #expect(queue.append(entry(bytes: 4)) == nil)
        _ = queue.take(upTo: 1)
        #expect(queue.append(entry(bytes: 6)) == nil)
    }

    @Test("an empty queue takes any submission, however large")
    func takesHuge() {
        let queue = SubmissionQueue(capacity: 3, byteCapacity: 10)
        #expect(queue.append(entry(50, bytes: 500)) == nil)
        #expect(queue.append(entry()) == .full)
        #expect(queue.take(upTo: 1).count == 1)
        #expect(queue.append(entry()) == nil)
    }

    @Test("what is past its deadline is taken out, the rest stays in order")
    func expires() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        for (reports, limit) in [(1, 60), (2, -1), (3, 60), (4, -1)] {
            #expect(queue.append(entry(reports, bytes: reports, in: .seconds(limit))) == nil)
        }
        #expect(queue.removeExpired(at: .now).map(\.submission.reports.count) == [2, 4])
        #expect(queue.count == 4)
        #expect(queue.take(upTo: 100).map(\.submission.reports.count) == [1, 3])
        #expect(queue.append(entry(bytes: 1000)) == nil)
        #expect(queue.removeExpired(at: nil).count == 1)
        #expect(queue.count == 0)
    }

    @Test("a closed queue takes nothing more and gives what it has")
    func closes() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        #expect(queue.append(entry()) == nil)
        queue.close()
        #expect(queue.append(entry()) == .stopping)
        #expect(queue.wait(until: .now()))
        #expect(queue.take(upTo: 9).count == 1)
        #expect(!queue.wait(until: .now() + 10))
    }

    @Test("a second taker is let in when there is a crowd, the first is done, or at the end")
    func letsOneTake() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000, crowd: 5)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).count == 1)
        #expect(queue.append(entry(4)) == nil)
        #expect(queue.take(upTo: 9).isEmpty)
        #expect(queue.append(entry(1)) == nil)
        #expect(queue.take(upTo: 4).count == 1)
        #expect(queue.take(upTo: 9).isEmpty)
        queue.finish()
        queue.finish()
        #expect(queue.take(upTo: 9).count == 1)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).isEmpty)
        queue.close()
        #expect(queue.take(upTo: 9).count == 1)
        #expect(!queue.wait(until: .now() + 10))
    }

    @Test("a taker that steps aside lets the next one in, who keeps the others out")
    func stepsAside() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000, crowd: 5)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).count == 1)
        let taken = Atomic<Int>(0)
        let sleeper = Worker {
            while taken.load(ordering: .relaxed) == 0 {
                guard queue.wait(until: .now() + 30) else { return }
                taken.wrappingAdd(queue.take(upTo: 9).count, ordering: .relaxed)
            }
        }
        #expect(queue.append(entry()) == nil)
        queue.stepAside()
        #expect(sleeper.join())
        #expect(taken.load(ordering: .relaxed) == 1)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).isEmpty)
        queue.finish()
        #expect(queue.take(upTo: 9).count == 1)
    }

    @Test("a taken body is let go although older places of the queue are still there")
    func releases() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        let witness = Mutex<Witness?>(Witness())
        weak let alive = witness.withLock { $0 }
        do {
            let held = witness.withLock { $0.take() }
            let entry = SubmissionQueue.Entry(
                submission: .sample([]), deadline: .now, completion: { _ in _ = held })
            #expect(queue.append(entry) == nil)
        }
        #expect(queue.append(entry()) == nil)
        #expect(alive != nil)
        _ = queue.take(upTo: 1)
        #expect(alive == nil)
        #expect(queue.count == 1)
    }

    @Test("no entry is lost, doubled or left waiting between many threads")
    func isSafe() {
        let queue = SubmissionQueue(capacity: .max, byteCapacity: .max)
        let taken = Atomic<Int>(0)
        let consumers = (0..<3).map { _ in
            Worker {
                // Short sleeps, so that time-outs and signals cross.
                while queue.wait(until: .now() + .microseconds(50)) {
                    taken.wrappingAdd(queue.take(upTo: 3).count, ordering: .relaxed)
                }
            }
        }
        let producers = (0..<3).map { _ in
            Worker { for _ in 0..<5000 { _ = queue.append(entry(0)) } }
        }
        for producer in producers { #expect(producer.join()) }
        queue.close()
        for consumer in consumers { #expect(consumer.join()) }
        #expect(taken.load(ordering: .relaxed) == 15_000)
        #expect(queue.count == 0)
    }
}

/// Something whose end can be seen.
private final class Witness: Sendable {}
