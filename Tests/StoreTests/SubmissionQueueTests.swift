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

    @Test("entries come out in the order of their arrival, by whole submissions")
    func isFirstInFirstOut() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        for reports in [3, 4, 5] { #expect(queue.append(entry(reports)) == nil) }
        #expect(queue.count == 12)
        #expect(queue.take(upTo: 7).entries.map(\.submission.reports.count) == [3, 4])
        #expect(queue.count == 5)
        #expect(queue.take(upTo: 1).entries.map(\.submission.reports.count) == [5])
        #expect(queue.count == 0)
        #expect(queue.take(upTo: 1).entries.isEmpty)
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
        #expect(queue.take(upTo: 1).entries.count == 1)
        #expect(queue.append(entry()) == nil)
    }

    @Test("overdue entries are removed, the rest stays in order")
    func expires() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        for (reports, limit) in [(1, 60), (2, -1), (3, 60), (4, -1)] {
            #expect(queue.append(entry(reports, bytes: reports, in: .seconds(limit))) == nil)
        }
        #expect(queue.removeExpired(at: .now).map(\.submission.reports.count) == [2, 4])
        #expect(queue.count == 4)
        #expect(queue.take(upTo: 100).entries.map(\.submission.reports.count) == [1, 3])
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
        #expect(queue.wait(for: .zero))
        #expect(queue.take(upTo: 9).entries.count == 1)
        #expect(!queue.wait(for: .seconds(10)))
    }

    @Test("a second taker is let in when there is a crowd, the first is done, or at the end")
    func letsOneTake() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000, crowd: 5)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).entries.count == 1)
        #expect(queue.append(entry(4)) == nil)
        #expect(queue.take(upTo: 9).entries.isEmpty)
        #expect(queue.append(entry(1)) == nil)
        #expect(queue.take(upTo: 4).entries.count == 1)
        #expect(queue.take(upTo: 9).entries.isEmpty)
        queue.finish()
        queue.finish()
        #expect(queue.take(upTo: 9).entries.count == 1)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).entries.isEmpty)
        queue.close()
        #expect(queue.take(upTo: 9).entries.count == 1)
        #expect(!queue.wait(for: .seconds(10)))
    }

    @Test("a taker that steps aside admits the next one, which keeps the others out")
    func stepsAside() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000, crowd: 5)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).entries.count == 1)
        let taken = Atomic<Int>(0)
        let sleeper = Worker {
            while taken.load(ordering: .relaxed) == 0 {
                guard queue.wait(for: .seconds(30)) else { return }
                taken.wrappingAdd(queue.take(upTo: 9).entries.count, ordering: .relaxed)
            }
        }
        #expect(queue.append(entry()) == nil)
        queue.stepAside()
        #expect(sleeper.join())
        #expect(taken.load(ordering: .relaxed) == 1)
        #expect(queue.append(entry()) == nil)
        #expect(queue.take(upTo: 9).entries.isEmpty)
        queue.finish()
        #expect(queue.take(upTo: 9).entries.count == 1)
    }

    @Test("a taken body is freed although older places of the queue are still there")
    func releases() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        let witness = Mutex<Witness?>(Witness())
        weak let alive = witness.withLock { $0 }
        do {
            let held = witness.withLock { $0.take() }
            let entry = SubmissionQueue.Entry(
                submission: .sample([]), deadline: .now + .seconds(60),
                completion: { _ in _ = held })
            #expect(queue.append(entry) == nil)
        }
        #expect(queue.append(entry()) == nil)
        #expect(alive != nil)
        _ = queue.take(upTo: 1)
        #expect(alive == nil)
        #expect(queue.count == 1)
    }

    @Test("an entry that is overdue when it would be taken is refused instead")
    func refusesOverdue() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000)
        for (reports, limit) in [(1, -1), (2, 60), (3, -1)] {
            #expect(queue.append(entry(reports, in: .seconds(limit))) == nil)
        }
        let portion = queue.take(upTo: 100)
        #expect(portion.entries.map(\.submission.reports.count) == [2])
        #expect(portion.hopeless.map(\.submission.reports.count) == [1, 3])
        #expect(queue.count == 0)
        #expect(queue.append(entry(in: .seconds(-1))) == nil)
        queue.finish()
        #expect(queue.take(upTo: 100).hopeless.count == 1)
        // No taker is busy with nothing.
        #expect(queue.isIdle)
    }

    /// A queue whose last batches of ten reports took so long.
    private func slow(_ batch: Duration, deadline: Duration = .seconds(4)) -> SubmissionQueue {
        let queue = SubmissionQueue(
            capacity: 10_000, byteCapacity: 10_000, batch: 10, committers: 2, crowd: 5,
            deadline: deadline)
        for _ in 0..<3 { queue.attemptEnded(0, batchTook: batch) }
        return queue
    }

    @Test("an entry that cannot be stored in time is refused when it comes, and no other")
    func looksAhead() {
        let queue = slow(.milliseconds(1100))
        // Two batches at a time: three rounds of 1.1 s fit into 4 s, the fourth does not.
        for _ in 0..<6 { #expect(queue.append(entry(10, in: .seconds(4))) == nil) }
        #expect(queue.append(entry(10, in: .seconds(4))) == .full)
        _ = queue.take(upTo: 10)
        _ = queue.take(upTo: 10, by: 1)
        // The two running ones have just begun.
        #expect(queue.append(entry(10, in: .seconds(4))) == .full)
        for queue in [slow(.milliseconds(3)), slow(.seconds(100))] {
            #expect(queue.append(entry(10, in: .seconds(4))) == nil)
        }
    }

    @Test("an entry that waited too long for a slow server is refused when it would be taken")
    func refusesHopeless() {
        let queue = slow(.milliseconds(2500))
        #expect(queue.append(entry(1, in: .seconds(2))) == nil)
        #expect(queue.append(entry(2, in: .seconds(4))) == nil)
        let portion = queue.take(upTo: 10)
        #expect(portion.hopeless.map(\.submission.reports.count) == [1])
        #expect(portion.entries.map(\.submission.reports.count) == [2])
    }

    @Test("deferred entries come back alone, and a moment later")
    func putsAside() {
        let queue = SubmissionQueue(capacity: 100, byteCapacity: 1000, crowd: 5)
        for reports in [1, 2] { #expect(queue.append(entry(reports)) == nil) }
        let first = queue.take(upTo: 1)
        queue.putAside(first.entries)
        queue.finish()
        #expect(queue.count == 3)
        let other = queue.take(upTo: 100)
        #expect(other.entries.map(\.submission.reports.count) == [2] && !other.hasMetLocks)
        var again = queue.take(upTo: 100)
        while again.entries.isEmpty, queue.wait(for: .seconds(10)) {
            again = queue.take(upTo: 100)
        }
        #expect(again.entries.map(\.submission.reports.count) == [1] && again.hasMetLocks)
        queue.putAside(again.entries)
        queue.close()
        // At the end the pause is skipped.
        #expect(queue.wait(for: .seconds(10)))
        #expect(queue.take(upTo: 100).entries.count == 1)
        #expect(!queue.wait(for: .seconds(10)))
    }

    @Test("no entry is lost, doubled or left waiting between many threads")
    func isSafe() {
        let queue = SubmissionQueue(capacity: .max, byteCapacity: .max)
        let taken = Atomic<Int>(0)
        let consumers = (0..<3).map { _ in
            Worker {
                // Short sleeps, so that time-outs and signals cross.
                while queue.wait(for: .microseconds(50)) {
                    taken.wrappingAdd(queue.take(upTo: 3).entries.count, ordering: .relaxed)
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

/// An object whose release can be seen.
private final class Witness: Sendable {}
