import Foundation

/// SIGTERM and SIGINT, blocked in every thread and taken by waiting for them.
///
/// A handler would interrupt a worker's read, which libfcgi does not try again.
struct TerminationSignals: Sendable {
    private let signals: [Int32]

    /// Blocks them in this thread and in all that it makes from now on.
    ///
    /// - Parameter endsWithTerminal: whether SIGHUP counts, too, unless nohup(1) says otherwise.
    init(endsWithTerminal: Bool = false) {
        var signals = [SIGTERM, SIGINT]
        // A blocked signal is delivered to whoever waits for it even if it is ignored.
        if endsWithTerminal, !Self.isIgnored(SIGHUP) {
            signals.append(SIGHUP)
        }
        self.signals = signals
        var set = self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of them.
    func wait() -> Int32 {
        var set = self.set
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

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
