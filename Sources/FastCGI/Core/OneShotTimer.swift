internal import CFastCGI
internal import Glibc

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
