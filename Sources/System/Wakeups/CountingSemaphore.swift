internal import Glibc

/// The owner of a semaphore: each signal releases one waiting thread. Any thread.
package struct CountingSemaphore: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: the system's calls may be made from any thread.
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// A semaphore of value 0: the first wait blocks.
    package init() {
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        // Fails only for a value that is too large.
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Releases one thread.
    package func signal() { sem_post(semaphore) }

    /// Waits for a signal.
    package func wait() {
        // Only an interruption makes it fail.
        while sem_wait(semaphore) != 0 {}
    }

    /// Waits for a signal until the deadline.
    ///
    /// - Returns: Whether one came.
    package func wait(until deadline: ContinuousClock.Instant) -> Bool {
        var limit = MonotonicTime.of(deadline)
        while glibcSemaphoreWait(semaphore, CLOCK_MONOTONIC, &limit) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}
