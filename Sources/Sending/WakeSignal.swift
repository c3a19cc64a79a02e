import Dispatch
import Synchronization

/// Wakes one thread; rings before the wait count as one. Any thread.
final class WakeSignal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isRung = Atomic<Bool>(false)

    func notify() {
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

/// When a thread last turned, and how long it may take until it turns again, so that a watchdog can
/// tell one that waits for a slow database from one that hangs. Any thread.
final class Heartbeat: Sendable {
    private let state = Mutex((last: ContinuousClock.now, allowance: usual))

    /// Of what waits for nothing but its turn on the processor.
    static let usual = Duration.seconds(45)

    /// - Parameter allowance: the longest that what follows may take.
    func beat(allowing allowance: Duration = usual) {
        state.withLock { $0 = (.now, allowance) }
    }

    /// Whether it has not turned for longer than it may take.
    func isLate(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { now - $0.last > $0.allowance }
    }
}
