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

    /// One descriptor that is ready.
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
