private import Foundation

/// Sends notifications to systemd, if it started us. Source: sd_notify(3), systemd.service(5).
package struct ServiceManager: Sendable {
    private let address: UnixAddress?
    private let watchdog: Duration?

    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    package init(_ environment: [String: String] = environmentOfProcess) {
        // systemd sets a valid address; anything else is ignored.
        address = environment["NOTIFY_SOCKET"].flatMap {
            try? UnixAddress(pathOrAbstractName: $0)
        }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init)
        watchdog =
            isForUs ? microseconds.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// This process's own variables.
    package static var environmentOfProcess: [String: String] {
        ProcessInfo.processInfo.environment
    }

    /// Sends one state, such as `READY=1`. Without systemd it does nothing.
    package func notify(_ state: String) {
        guard let address, let socket = try? UnixSocket(.datagram) else { return }
        // A failure cannot be reported to anyone.
        try? socket.send(Array(state.utf8), to: address)
    }

    /// The times of the watchdog's checks, computed from its time-out.
    package struct FeedingPlan: Equatable {
        /// The longest that one check may take. Two that take all of it and fail, one after the
        /// other, still leave time for a third.
        package let limit: Duration
        /// From the end of a check that passed to the next one.
        package let pause: Duration
        /// From the end of a failed check to the next one: soon, because one slow check may pass.
        package let pauseAfterFailure: Duration

        /// The plan for a watchdog of this time.
        package init(_ watchdog: Duration) {
            limit = watchdog / 4
            pause = watchdog / 6
            pauseAfterFailure = watchdog / 60
        }
    }

    /// Notifies the watchdog as long as the check passes, on a thread of its own.
    ///
    /// - Parameter check: gets the time that it may take.
    /// - Returns: The thread; nil without a watchdog.
    @discardableResult
    package func feedWatchdog(
        _ check: @escaping @Sendable (_ limit: Duration) -> Bool
    ) -> ServiceThread? {
        guard let watchdog, address != nil else { return nil }
        let plan = FeedingPlan(watchdog)
        let thread = ServiceThread("watchdog", stackBytes: 1 << 18)
        thread.startOrAbort {
            while !thread.isStopping {
                let isLive = check(plan.limit)
                if isLive { notify("WATCHDOG=1") }
                thread.pause(for: isLive ? plan.pause : plan.pauseAfterFailure)
            }
        }
        return thread
    }
}
