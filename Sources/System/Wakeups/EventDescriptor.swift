internal import Glibc

/// The owner of an eventfd, by which a thread that waits in poll(2) or epoll_wait(2) is woken. Any
/// thread.
package struct EventDescriptor: ~Copyable, Sendable {
    /// Readable from a signal until it is cleared; not blocking.
    package let descriptor: Int32

    /// - Throws: `system` when there are no descriptors left.
    package init() throws(SystemError) {
        descriptor = glibcEventDescriptor(0, descriptorFlags)
        guard descriptor >= 0 else { throw .system("eventfd", errno) }
    }

    deinit { close(descriptor) }

    /// Wakes all threads that wait, and all that come, until it is cleared.
    package func signal() {
        var one: UInt64 = 1
        // It fails only when the counter is full; the descriptor is readable then, too.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Removes the signals that have come so far.
    package func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Waits for the signal, or until the deadline.
    package func wait(until deadline: ContinuousClock.Instant) {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = max(.zero, deadline - .now) / .milliseconds(1)
            // Rounded up: a limit of 0 would make the caller loop without waiting.
            let status = poll(&polled, 1, Int32(min(left.rounded(.up), 86_400_000)))
            guard status == 0 || status < 0 && errno == EINTR, deadline > .now else { return }
        }
    }

    /// Waits for the signal, or until another descriptor can be read, or until the deadline. An
    /// interruption ends it, too; the caller checks and waits again.
    package func wait(orFor other: Int32, until deadline: ContinuousClock.Instant? = nil) {
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        guard let deadline else {
            poll(&polled, 2, -1)
            return
        }
        let left = max(.zero, deadline - .now) / .milliseconds(1)
        poll(&polled, 2, Int32(min(left.rounded(.up), 86_400_000)))
    }
}
