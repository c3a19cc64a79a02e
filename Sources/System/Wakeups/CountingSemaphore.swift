internal import Glibc

/// The owner of a semaphore: each signal lets one waiting thread go on. Any thread.
package struct CountingSemaphore: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: the system's calls may be made from any thread.
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// A semaphore of nothing: the first wait blocks.
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

    /// Lets one thread go on.
    package func signal() { sem_post(semaphore) }

    /// Waits for a signal; an interruption counts as one.
    package func wait() { sem_wait(semaphore) }
}
