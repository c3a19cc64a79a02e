public import Glibc

/// State behind a lock that threads can also wait on.
///
/// `Mutex` of the standard library has no condition variable. As with a `Mutex`: no system call and
/// no callback under it.
///
/// Public and inlinable because the FastCGI server takes the lock several times a request: Swift
/// 6.3.1 does not specialise a `package` generic in another module.
public final class Monitor<State: Sendable>: @unchecked Sendable {
    // Unchecked because the state is only touched between lock and unlock. Behind a pointer, its
    // accesses are not checked for exclusivity at run time; the lock ensures that.
    @usableFromInline let state: UnsafeMutablePointer<State>
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Makes a monitor of this state.
    public init(_ state: State) {
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: state)
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
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Runs `body` with the state, alone.
    @inlinable
    public func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state.pointee)
    }

    /// Makes every waiting thread check again; nearly free when none waits.
    @inlinable
    public func wakeAll() { pthread_cond_broadcast(condition) }

    /// Runs `body` until it returns something, waiting for `wakeAll` in between.
    @inlinable
    public func wait<Result>(for body: (inout State) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// As `wait(for:)`, but gives up at the deadline and returns nothing then.
    @inlinable
    public func wait<Result>(
        until deadline: ContinuousClock.Instant, for body: (inout State) -> Result?
    ) -> Result? {
        var limit = MonotonicTime.of(deadline)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state.pointee) { return result }
            if pthread_cond_timedwait(condition, mutex, &limit) != 0 { return body(&state.pointee) }
        }
    }
}

/// The clock of the condition variable.
@usableFromInline
enum MonotonicTime {
    /// The same moment; `ContinuousClock` also counts the time in which the machine was suspended.
    @usableFromInline
    static func of(_ deadline: ContinuousClock.Instant) -> timespec {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline)).components
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(left.attoseconds / 1_000_000_000)
        // A day bounds the sum; a longer wait checks in between.
        return timespec(
            tv_sec: now.tv_sec + Int(min(left.seconds, 86_400)) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
    }
}
