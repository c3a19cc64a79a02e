internal import Glibc

/// Threads as the system makes them; `ServiceThread` is what others use.
enum PosixThread {
    /// Starts a thread that nobody joins.
    ///
    /// Signals are blocked in it, except those of a crash: libfcgi, for one, does not repeat a call
    /// that a signal interrupted.
    ///
    /// - Parameters:
    ///   - name: What ps(1) and perf(1) show; cut to 15 bytes.
    ///   - stackBytes: Of its stack.
    ///   - body: Runs on the thread, which ends with it, and is released before `end` is called.
    ///   - end: The last thing that the thread does.
    /// - Throws: `system` when no thread can be created.
    static func start(
        _ name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void,
        end: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // A thread inherits its creator's mask, so it takes no signal before it blocks them.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        // A crash raises these; blocked, they would kill without a backtrace.
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, crash) }
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let context = Unmanaged.passRetained(Context(name: name, body: body, end: end))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, &attributes,
            { argument in
                guard let argument else { return nil }
                let context = Unmanaged<Context>.fromOpaque(argument)
                context.takeUnretainedValue().run()
                // Released before `end`: its caller may rely on the body's objects being gone.
                let end = context.takeUnretainedValue().end
                context.release()
                end()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw .system("pthread_create \(name)", status)
        }
    }

    private final class Context: Sendable {
        let name: String
        let body: @Sendable () -> Void
        let end: @Sendable () -> Void

        init(
            name: String, body: @escaping @Sendable () -> Void, end: @escaping @Sendable () -> Void
        ) {
            self.name = name
            self.body = body
            self.end = end
        }

        func run() {
            let bytes = name.utf8.prefix(15).map { CChar(bitPattern: $0) } + [0]
            _ = glibcSetThreadName(pthread_self(), bytes)
            body()
        }
    }
}
