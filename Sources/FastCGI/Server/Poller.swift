internal import CFastCGI
internal import Glibc

/// The owner of an epoll instance, shared by all the threads that wait on it.
struct Poller: ~Copyable {
    private let descriptor: Int32

    /// What to watch for.
    struct Interest: OptionSet {
        let rawValue: UInt32
        /// Readable, or the peer will send no more.
        static let input = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
        static let output = Interest(rawValue: EPOLLOUT.rawValue)
        /// One event, to one thread, until armed again.
        static let once = Interest(rawValue: EPOLLONESHOT.rawValue)
    }

    /// What came.
    struct Event: Sendable {
        let id: UInt64
        private let flags: UInt32

        init(_ event: waybill_event) {
            id = event.id
            flags = event.events
        }

        private static let endFlags =
            EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue

        var hasEnded: Bool { flags & Self.endFlags != 0 }
        var isReadable: Bool { flags & EPOLLIN.rawValue != 0 }
        var isWritable: Bool { flags & EPOLLOUT.rawValue != 0 }
    }

    init() throws(FastCGIError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .system("epoll_create1", errno) }
    }

    deinit { close(descriptor) }

    /// Watches one more descriptor; false when the system refuses.
    func add(_ fd: Int32, id: UInt64, _ interest: Interest) -> Bool {
        waybill_epoll_change(descriptor, EPOLL_CTL_ADD, fd, interest.rawValue, id) == 0
    }

    /// Arms a descriptor again, or changes what it is watched for.
    func change(_ fd: Int32, id: UInt64, _ interest: Interest) -> Bool {
        waybill_epoll_change(descriptor, EPOLL_CTL_MOD, fd, interest.rawValue, id) == 0
    }

    /// Stops watching a descriptor that stays open.
    func remove(_ fd: Int32) {
        _ = waybill_epoll_change(descriptor, EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// Blocks until one thing is ready.
    func next() -> Event? {
        var event = waybill_event()
        return waybill_epoll_wait(descriptor, &event, 1, -1) == 1 ? Event(event) : nil
    }

    /// Blocks until something is ready and returns up to 64 events.
    func nextBatch() -> [Event] {
        let events = [waybill_event](unsafeUninitializedCapacity: 64) { buffer, count in
            count = Int(max(0, waybill_epoll_wait(descriptor, buffer.baseAddress, 64, -1)))
        }
        return events.map(Event.init)
    }
}

/// The owner of an eventfd, by which a thread in `Poller.next` is woken.
struct Wakeup: ~Copyable {
    let descriptor: Int32

    init() throws(FastCGIError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("eventfd", errno) }
    }

    deinit { close(descriptor) }

    func signal() { eventfd_write(descriptor, 1) }

    func clear() {
        var value: eventfd_t = 0
        eventfd_read(descriptor, &value)
    }
}

/// The owner of a semaphore, by which one waiting thread is woken.
struct Semaphore: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: the system's calls may be made from any thread.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        // Fails only for a value that is too large.
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    /// Waits for a signal; an interruption counts as one.
    func wait() { sem_wait(semaphore) }
}

/// The owner of a timerfd that fires once; made early, so that it works without free descriptors.
struct OneShotTimer: ~Copyable {
    let descriptor: Int32

    init() throws(FastCGIError) {
        descriptor = timerfd_create(
            CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("timerfd_create", errno) }
    }

    deinit { close(descriptor) }

    func clear() {
        var count: UInt64 = 0
        read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Starts it again, for more than nothing.
    func start(_ time: Duration) {
        let parts = time.components
        var time = itimerspec()
        time.it_value = timespec(
            tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
        timerfd_settime(descriptor, 0, &time, nil)
    }
}
