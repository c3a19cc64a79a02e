import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import System

@Suite("Threads and their stop", .blocking)
struct ServiceThreadTests {
    private let thread = ServiceThread("test-of-a-long-name")

    @Test("A thread has its name, cut to what the system takes, and blocks signals")
    func surroundings() throws {
        let seen = Monitor<(name: String, blocks: Bool)?>(nil)
        try thread.start {
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            let blocks = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGSEGV) == 0
            seen.withLock { $0 = (name ?? "", blocks) }
        }
        thread.join()
        let result = seen.withLock { $0 }
        #expect(result?.name == "test-of-a-long-\n")
        #expect(result?.blocks == true)
    }

    @Test("A thread that starts another one keeps its own signals")
    func makersMask() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        try thread.start {}
        var after = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &after)
        #expect(sigismember(&before, SIGTERM) == sigismember(&after, SIGTERM))
        thread.join()
    }

    @Test(
        "A stop ends every kind of wait at once",
        arguments: [
            { $0.wait() }, { $0.wait(for: .seconds(3600)) },
            { $0.wait(until: .now + .seconds(3600)) }, { $0.pause(for: .seconds(3600)) },
        ] as [@Sendable (ServiceThread) -> Void])
    func stop(wait: @escaping @Sendable (ServiceThread) -> Void) throws {
        let thread = thread
        try thread.start {
            while !thread.isStopping { wait(thread) }
        }
        #expect(!thread.join(until: .now))
        thread.stop()
        #expect(thread.join(until: .now + .seconds(60)))
        #expect(thread.hasEnded)
    }

    @Test(
        "A stop ends a wait in poll by the interrupt, whenever it comes", arguments: [true, false])
    func interrupt(stopsFirst: Bool) throws {
        final class Waiter: Sendable {
            let wakeup: EventDescriptor
            init() throws { wakeup = try EventDescriptor() }
        }
        let waiter = try Waiter()
        let thread = thread
        if stopsFirst { thread.stop() }
        try thread.start(interrupt: { waiter.wakeup.signal() }) {
            while !thread.isStopping { waiter.wakeup.wait(until: .now + .seconds(3600)) }
        }
        thread.stop()
        #expect(thread.join(until: .now + .seconds(60)))
    }

    @Test("Wake-ups before a wait count as one, and a pause takes none of them")
    func wakes() throws {
        let thread = thread
        let turns = Atomic<Int>(0)
        thread.wake()
        thread.wake()
        try thread.start {
            #expect(thread.pause(for: .milliseconds(1)))
            thread.wait()
            turns.add(1, ordering: .relaxed)
            // Only the stop can end this one.
            thread.wait()
            turns.add(1, ordering: .relaxed)
        }
        #expect(waitUntil(within: .seconds(60)) { turns.load(ordering: .relaxed) == 1 })
        thread.stop()
        thread.join()
        #expect(turns.load(ordering: .relaxed) == 2)
    }

    @Test("Work that must be done after the stop can still be waited for")
    func lastRing() throws {
        let thread = thread
        let hasSeenStop = Wakeup()
        thread.stop()
        try thread.start {
            #expect(!thread.pause(for: .seconds(3600)))
            hasSeenStop.signal()
            thread.waitForWake(for: .seconds(3600))
        }
        hasSeenStop.wait()
        #expect(!thread.hasEnded)
        thread.wake()
        #expect(thread.join(until: .now + .seconds(60)))
    }

    @Test("A thread that was never started has ended, and what it would have held is freed")
    func neverStarted() throws {
        #expect(thread.hasEnded)
        thread.stop()
        thread.join()
        #expect(thread.join(until: .now))
    }

    @Test("A thread that was joined holds nothing")
    func release() throws {
        final class Held: Sendable {}
        var held: Held? = Held()
        weak let trace = held
        let thread = thread
        try thread.start(interrupt: { [held] in _ = held }) { [held] in
            while !thread.isStopping { thread.wait() }
            _ = held
        }
        held = nil
        #expect(trace != nil)
        thread.stop()
        thread.join()
        #expect(trace == nil)
    }

    @Test("A stack that is too large is an error, and nothing is left to join")
    func impossible() {
        let thread = ServiceThread("huge", stackBytes: 1 << 60)
        let error = #expect(throws: SystemError.self) { try thread.start {} }
        #expect(error?.code == .system)
        #expect(thread.hasEnded)
        thread.join()
    }

    @Test("A sleep lasts at least as long as asked, and one of zero does not block")
    func sleep() {
        let start = ContinuousClock.now
        ServiceThread.sleep(for: .milliseconds(5))
        #expect(.now - start >= .milliseconds(5))
        ServiceThread.sleep(for: .seconds(-1))
    }
}
