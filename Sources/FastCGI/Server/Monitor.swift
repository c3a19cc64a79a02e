internal import Glibc

/// State behind a lock that threads can also wait on.
///
/// `Mutex` of the standard library has no condition variable; the back-pressure and the drain
/// need one. As with a `Mutex`: no I/O and no callbacks under it.
final class Monitor<State: Sendable>: @unchecked Sendable {
    // Unchecked because `state` is only touched between lock and unlock.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        // These fail only for bad arguments or, on other systems, for want of memory.
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Makes every waiting thread look again; nearly free when none waits.
    func wakeAll() { pthread_cond_broadcast(condition) }

    /// Runs `body` until it returns something, waiting for `wakeAll` in between.
    func wait<Result>(for body: (inout State) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// As `wait(for:)`, but gives up at the deadline.
    func wait<Result>(
        until deadline: ContinuousClock.Instant, for body: (inout State) -> Result?
    ) -> Result? {
        var limit = Self.monotonicTime(of: deadline)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            if pthread_cond_timedwait(condition, mutex, &limit) != 0 { return body(&state) }
        }
    }

    /// The same moment on the clock of the condition; ContinuousClock also counts suspended time.
    private static func monotonicTime(of deadline: ContinuousClock.Instant) -> timespec {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline)).components
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(left.attoseconds / 1_000_000_000)
        // A day bounds the sum; nobody drains for longer.
        return timespec(
            tv_sec: now.tv_sec + Int(min(left.seconds, 86_400)) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
    }
}
