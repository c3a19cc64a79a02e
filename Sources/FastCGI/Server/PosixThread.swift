internal import CFastCGI
internal import Glibc

/// A thread of our own for calls that block, outside Swift's cooperative pool.
///
/// Signals are blocked in it, but for those of a crash: libfcgi does not retry an interrupted read.
/// Its stack is 512 KiB, so that a pool of workers stays small.
struct PosixThread: Sendable {
    private let handle: pthread_t

    private static let stackBytes = 512 * 1024

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: What ps(1) and perf(1) show; cut to 15 bytes.
    ///   - body: Runs on the thread, which ends with it.
    /// - Throws: `system` when no thread can be had.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(FastCGIError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        // A thread starts with its maker's mask, so there is no moment in which it takes signals.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        // A crash is told by these; blocked, they would kill without a backtrace.
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, crash) }
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let context = Unmanaged.passRetained(Context(body))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, &attributes,
            { argument in
                if let argument {
                    Unmanaged<Context>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw .system("pthread_create \(name)", status)
        }
        self.handle = handle
        _ = waybill_thread_name(handle, String(name.prefix(15)))
    }

    /// Waits for the end of the thread. Once only, and not after `detach`.
    func join() { pthread_join(handle, nil) }

    /// Lets the thread end on its own.
    func detach() { pthread_detach(handle) }

    private final class Context: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
