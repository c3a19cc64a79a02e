import Dispatch
import Synchronization

/// Wakes one thread; rings before the wait count as one. Any thread.
final class WakeSignal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isRung = Atomic<Bool>(false)

    func ring() {
        if !isRung.exchange(true, ordering: .acquiringAndReleasing) { semaphore.signal() }
    }

    /// Waits for a ring, or the time.
    func wait(for limit: Duration) {
        let microseconds = Int(max(.zero, limit) / .microseconds(1))
        _ = semaphore.wait(timeout: .now() + .microseconds(microseconds))
        // Not a plain store: what was there before a ring that found it set is seen from here on.
        _ = isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}

/// When a thread last turned, so that a watchdog sees that it still does. Any thread.
final class Heartbeat: Sendable {
    private let last = Mutex(ContinuousClock.now)

    func beat() { last.withLock { $0 = .now } }

    var age: Duration { ContinuousClock.now - last.withLock { $0 } }
}
