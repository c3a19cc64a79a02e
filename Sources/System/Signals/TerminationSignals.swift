internal import Glibc

/// The signals that ask a process to end: SIGTERM and SIGINT.
package struct TerminationSignals: Sendable {
    private let signals: SignalSet

    /// Blocks them in this thread and in all that it starts from now on.
    ///
    /// - Parameter endsWithTerminal: Whether SIGHUP counts, too, unless nohup(1) says otherwise.
    package init(endsWithTerminal: Bool = false) {
        // A signal that is waited for arrives even if it is ignored, so nohup(1) must be checked.
        let hangsUp = endsWithTerminal && !Self.isIgnored(SIGHUP)
        signals = SignalSet(blocking: hangsUp ? [SIGTERM, SIGINT, SIGHUP] : [SIGTERM, SIGINT])
    }

    /// Waits for one of them.
    package func wait() -> Int32 { signals.wait() }

    /// Takes each of them on a thread of its own, until that is stopped.
    ///
    /// - Parameters:
    ///   - name: The thread's.
    ///   - handle: Called with the signal, on that thread.
    /// - Returns: The thread.
    package func onEach(
        _ name: String, _ handle: @escaping @Sendable (Int32) -> Void
    ) -> ServiceThread {
        signals.onEach(name, handle)
    }

    /// Ends the process at once at the next signal; only `cleanUp` is done before.
    package func exitOnNext(cleaningUp cleanUp: @escaping @Sendable () -> Void = {}) {
        signals.onEach("second-signal") { signal in
            cleanUp()
            _exit(128 + signal)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
