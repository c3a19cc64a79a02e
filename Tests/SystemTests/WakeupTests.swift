import Glibc
import TestSupport
import Testing

@testable import System

@Suite("Wake-ups", .blocking)
struct WakeupTests {
    @Test("A signal that came first is not lost, and many count as one")
    func latch() {
        let wakeup = Wakeup()
        wakeup.signal()
        wakeup.signal()
        wakeup.wait()
        #expect(!wakeup.wait(for: .milliseconds(1)))
        #expect(!wakeup.wait(until: .now - .seconds(1)))
    }

    @Test("A signal ends a wait that has begun")
    func signalled() throws {
        let wakeup = Wakeup()
        let isWaiting = Wakeup()
        let thread = ServiceThread("waits")
        try thread.start {
            isWaiting.signal()
            #expect(wakeup.wait(for: .seconds(3600)))
        }
        isWaiting.wait()
        wakeup.signal()
        #expect(thread.join(until: .now + .seconds(60)))
    }

    @Test("A monitor stops waiting at its deadline, after a last check")
    func deadline() {
        let monitor = Monitor(0)
        #expect(monitor.wait(until: .now + .milliseconds(2)) { $0 == 1 ? true : nil } == nil)
        var looks = 0
        let result: Int? = monitor.wait(until: .now) { _ in
            looks += 1
            return looks == 2 ? 7 : nil
        }
        #expect(result == 7)
    }

    @Test("A monitor's waiter sees what another thread has changed")
    func change() throws {
        let monitor = Monitor(0)
        let thread = ServiceThread("changes")
        try thread.start {
            for _ in 0..<1000 {
                monitor.withLock { $0 += 1 }
                monitor.wakeAll()
            }
        }
        #expect(monitor.wait { $0 == 1000 ? $0 : nil } == 1000)
        thread.join()
    }

    @Test("A signalled event descriptor ends every wait until it is cleared")
    func event() throws {
        let event = try EventDescriptor()
        let start = ContinuousClock.now
        event.wait(until: start + .milliseconds(3))
        #expect(.now - start >= .milliseconds(3))
        event.signal()
        event.signal()
        event.wait(until: .now + .seconds(3600))
        event.wait(until: .now + .seconds(3600))
        event.wait(orFor: event.descriptor)
        event.clear()
        event.wait(until: .now + .milliseconds(1))
        var polled = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        let count = poll(&polled, 1, 0)
        #expect(count == 0)
    }

    @Test("A semaphore lets as many go on as there were signals")
    func semaphore() {
        let semaphore = CountingSemaphore()
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        let isSignalled = semaphore.wait(until: .now + .seconds(3600))
        #expect(isSignalled)
        let start = ContinuousClock.now
        let isStillSignalled = semaphore.wait(until: start + .milliseconds(3))
        #expect(!isStillSignalled)
        #expect(.now - start >= .milliseconds(3))
    }
}
