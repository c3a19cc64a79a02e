import Foundation

/// SIGTERM and SIGINT, blocked in every thread and taken by waiting for them.
///
/// A handler would interrupt a worker's read, which libfcgi does not try again.
struct TerminationSignals: Sendable {
    /// Blocks them in this thread and in all that it makes from now on.
    init() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of them.
    func wait() -> Int32 {
        var set = Self.set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal
    }

    /// Ends the process at once when another one comes; nothing but `cleanUp` is done before.
    func exitOnNext(cleaningUp cleanUp: @escaping @Sendable () -> Void = {}) {
        let thread = Thread {
            let signal = wait()
            cleanUp()
            _exit(128 + signal)
        }
        thread.stackSize = 1 << 17
        thread.start()
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }
}
