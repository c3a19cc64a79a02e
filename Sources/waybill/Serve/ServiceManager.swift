import Foundation

/// Talks to systemd, if it started us. Source: sd_notify(3), systemd.service(5).
struct ServiceManager: Sendable {
    private let path: String?
    private let watchdog: Duration?

    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init)
        watchdog =
            isForUs ? microseconds.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// Sends one state, such as `READY=1`. Without systemd it does nothing.
    func notify(_ state: String) {
        guard let path else { return }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A leading @ stands for the abstract namespace's leading zero.
        let bytes = Array(path.utf8).enumerated().map { index, byte in
            index == 0 && byte == UInt8(ascii: "@") ? 0 : byte
        }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + bytes.count)
        let message = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    /// When the watchdog is fed, by the time after which it bites.
    struct FeedingPlan: Equatable {
        /// What one check may take. Two that take all of it and fail, one behind the other, still
        /// leave time for a third.
        let limit: Duration
        /// From the end of a check that passed to the next one.
        let pause: Duration
        /// From the end of one that failed: one that was slow is made up for soon.
        let pauseAfterFailure: Duration

        init(_ watchdog: Duration) {
            limit = watchdog / 4
            pause = watchdog / 6
            pauseAfterFailure = watchdog / 60
        }
    }

    /// Feeds the watchdog as long as the check passes, on a thread of its own.
    ///
    /// - Parameter check: gets the time that it may take.
    func feedWatchdog(_ check: @escaping @Sendable (_ limit: Duration) -> Bool) {
        guard let watchdog, path != nil else { return }
        let plan = FeedingPlan(watchdog)
        let thread = Thread {
            while true {
                let isLive = check(plan.limit)
                if isLive { notify("WATCHDOG=1") }
                let pause = isLive ? plan.pause : plan.pauseAfterFailure
                Thread.sleep(forTimeInterval: pause / .seconds(1))
            }
        }
        thread.name = "watchdog"
        thread.stackSize = 1 << 18
        thread.start()
    }
}
