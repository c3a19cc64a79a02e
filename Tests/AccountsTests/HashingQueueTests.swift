import Domain
import Foundation
import Security
import Synchronization
import System
import TestSupport
import Testing

@testable import Accounts

@Suite("The queue of passwords", .blocking, .timeLimit(.minutes(5)))
struct HashingQueueTests {
    /// Counts what runs, and lets nothing go on until it is opened.
    private final class Gate: Sendable {
        struct State {
            var isOpen = false
            var running = 0
            var most = 0
            var done = 0
            var refused = 0
        }

        let monitor = Monitor(State())

        func pass() {
            monitor.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
            }
            monitor.wakeAll()
            monitor.wait { $0.isOpen ? () : nil }
            monitor.withLock { state in
                state.running -= 1
                state.done += 1
            }
            monitor.wakeAll()
        }

        func refuse() {
            monitor.withLock { $0.refused += 1 }
            monitor.wakeAll()
        }

        func open() {
            monitor.withLock { $0.isOpen = true }
            monitor.wakeAll()
        }

        func wait(_ condition: (State) -> Bool) -> Bool {
            monitor.wait(until: .now + .seconds(60)) { condition($0) ? () : nil } != nil
        }

        var state: State { monitor.withLock { $0 } }
    }

    @Test("runs two at once, lets some wait, and refuses the others at once")
    func bounds() {
        let queue = HashingQueue(width: 2, limit: 3, patience: .seconds(60))
        let gate = Gate()
        for _ in 0..<2 {
            queue.submit {
                gate.pass()
            } refuse: {
                gate.refuse()
            }
        }
        #expect(gate.wait { $0.running == 2 })
        for _ in 0..<10 {
            queue.submit {
                gate.pass()
            } refuse: {
                gate.refuse()
            }
        }
        #expect(gate.state.refused == 7)
        gate.open()
        #expect(gate.wait { $0.done == 5 })
        #expect(gate.state.most == 2)
        queue.stop()
    }

    @Test("refuses what has waited for too long")
    func patience() {
        let queue = HashingQueue(width: 1, limit: 3, patience: .zero)
        let gate = Gate()
        queue.submit {
            gate.pass()
        } refuse: {
            gate.refuse()
        }
        #expect(gate.wait { $0.refused == 1 })
        #expect(gate.state.done == 0)
    }

    @Test("a stop refuses what waits, and what comes later")
    func stop() {
        let queue = HashingQueue(width: 1, limit: 3, patience: .seconds(60))
        let gate = Gate()
        queue.submit {
            gate.pass()
        } refuse: {
            gate.refuse()
        }
        #expect(gate.wait { $0.running == 1 })
        queue.submit {
            gate.pass()
        } refuse: {
            gate.refuse()
        }
        queue.stop()
        #expect(gate.state.refused == 1)
        queue.submit {
            gate.pass()
        } refuse: {
            gate.refuse()
        }
        #expect(gate.state.refused == 2)
        gate.open()
        #expect(gate.wait { $0.done == 1 })
    }

    /// The memory of each hash that is being computed: a mapping of its own, of a little more than 64
    /// MiB. Smaller ones are heaps of malloc.
    private func hashingMemory() throws -> Int {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        return maps.split(separator: "\n").filter { line in
            let words = line.split(separator: " ")
            guard words.count == 5, words[1] == "rw-p" else { return false }
            let range = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            guard range.count == 2 else { return false }
            return ((64 << 20) + 1...72 << 20).contains(range[1] - range[0])
        }.count
    }

    @Test("the memory of hashes goes back to the system")
    func memory() throws {
        let queue = HashingQueue(width: 2, limit: 32, patience: .seconds(60))
        let done = Monitor(0)
        for _ in 0..<8 {
            queue.submit {
                _ = try? PasswordHash.decoy.matches(Array("guess".utf8))
                done.withLock { $0 += 1 }
                done.wakeAll()
            } refuse: {
                Issue.record("refused")
            }
        }
        var seen = 0
        while done.withLock({ $0 < 8 }) { seen = max(seen, try hashingMemory()) }
        // Else the test looks for the wrong thing.
        #expect(seen >= 1)
        // Tests beside this one hash now and then, too.
        #expect(try waitUntil(within: .seconds(60)) { try hashingMemory() == 0 })
        queue.stop()
    }

    @Test("late answers come at their time, in its order, and all at a stop")
    func lateAnswers() {
        let answers = LateAnswers(limit: 3)
        let given = Monitor([Int]())
        func give(_ number: Int, after time: Duration) {
            answers.give(at: .now + time) {
                given.withLock { $0.append(number) }
                given.wakeAll()
            }
        }
        let start = ContinuousClock.now
        give(2, after: .milliseconds(120))
        give(1, after: .milliseconds(60))
        give(0, after: .zero)
        #expect(given.withLock { $0 } == [0])
        #expect(given.wait(until: .now + .seconds(60)) { $0.count == 3 ? () : nil } != nil)
        #expect(ContinuousClock.now - start >= .milliseconds(120))
        #expect(given.withLock { $0 } == [0, 1, 2])
        for number in 3...6 { give(number, after: .seconds(600)) }
        // The fourth is over the bound.
        #expect(given.withLock { $0 } == [0, 1, 2, 6])
        answers.stop()
        #expect(given.wait(until: .now + .seconds(60)) { $0.count == 7 ? () : nil } != nil)
    }
}
