import Glibc
import Synchronization
import TestSupport
import Testing

@testable import System

@Suite("Signals", .blocking, .serialized)
struct SignalTests {
    @Test("A blocked signal is waited for")
    func termination() throws {
        let taken = Atomic<Int32>(0)
        let thread = ServiceThread("signals")
        try thread.start {
            let signals = TerminationSignals()
            pthread_kill(pthread_self(), SIGTERM)
            taken.store(signals.wait(), ordering: .releasing)
        }
        #expect(thread.join(until: .now + .seconds(60)))
        #expect(taken.load(ordering: .acquiring) == SIGTERM)
    }

    @Test("A signal is read, and an interrupt ends the wait for one")
    func source() throws {
        let read = Monitor<[Int32?]>([])
        let thread = ServiceThread("signals")
        try thread.start {
            guard let source = try? SignalSource(SignalSet(blocking: [SIGUSR1]).set) else { return }
            pthread_kill(pthread_self(), SIGUSR1)
            let signal = source.next()
            source.interrupt()
            let nothing = source.next()
            read.withLock { $0 = [signal, nothing] }
        }
        #expect(thread.join(until: .now + .seconds(60)))
        #expect(read.withLock { $0 } == [SIGUSR1, nil])
    }

    @Test("A thread that waits for signals ends by its stop, like any other")
    func stop() {
        let thread = SignalSet(blocking: [SIGURG]).onEach("each") { _ in }
        #expect(!thread.join(until: .now))
        thread.stop()
        #expect(thread.join(until: .now + .seconds(60)))
    }
}
