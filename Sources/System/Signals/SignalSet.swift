internal import Glibc

/// Signals that are blocked in every thread and taken by waiting for them.
///
/// A handler would interrupt a worker's system call, which libfcgi does not repeat.
package struct SignalSet: Sendable {
    private let numbers: [Int32]

    /// Blocks signals in this thread and in all that it starts from now on. Call it before any
    /// thread starts: a signal would end the process in a thread that does not block it.
    package init(blocking numbers: [Int32]) {
        self.numbers = numbers
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of them.
    package func wait() -> Int32 {
        var set = set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal
    }

    /// Takes each of them on a thread of its own, until that is stopped.
    ///
    /// - Parameters:
    ///   - name: The thread's.
    ///   - handle: Called with the signal, on that thread.
    /// - Returns: The thread.
    @discardableResult
    package func onEach(
        _ name: String, _ handle: @escaping @Sendable (Int32) -> Void
    ) -> ServiceThread {
        let thread = ServiceThread(name, stackBytes: 1 << 17)
        do throws(SystemError) {
            let source = try SignalSource(set)
            try thread.start(interrupt: { source.interrupt() }) {
                while !thread.isStopping {
                    if let signal = source.next() { handle(signal) }
                }
            }
        } catch {
            fatalError("\(error.debugDescription)")
        }
        return thread
    }

    var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}

/// Signals as a readable descriptor, so that waiting for them can be ended. Source: signalfd(2).
final class SignalSource: Sendable {
    private let descriptor: Int32
    private let wakeup: EventDescriptor

    /// The bytes of `struct signalfd_siginfo`, of which the first four are the signal's number.
    private static let recordBytes = 128

    init(_ signals: sigset_t) throws(SystemError) {
        wakeup = try EventDescriptor()
        var signals = signals
        descriptor = glibcSignalDescriptor(-1, &signals, descriptorFlags)
        guard descriptor >= 0 else { throw .system("signalfd", errno) }
    }

    deinit { close(descriptor) }

    /// Ends this wait and all later ones.
    func interrupt() { wakeup.signal() }

    /// Waits for a signal; nil after `interrupt`, and when another thread has taken it.
    func next() -> Int32? {
        wakeup.wait(orFor: descriptor)
        var record = [UInt8](repeating: 0, count: Self.recordBytes)
        guard read(descriptor, &record, record.count) == record.count else { return nil }
        return record.withUnsafeBytes { Int32($0.loadUnaligned(as: UInt32.self)) }
    }
}
