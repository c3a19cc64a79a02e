import Foundation

/// SIGUSR1: nobody should be kept waiting any more. `waybill demo` sends it before it stops nginx,
/// which gives up what waits longer than its own stop may take.
struct HurrySignal: Sendable {
    /// Blocks it in this thread and in all that it makes from now on.
    init() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Calls back whenever it comes, on a thread of its own.
    func onEach(_ hurry: @escaping @Sendable () -> Void) {
        let thread = Thread {
            var set = Self.set
            var signal: Int32 = 0
            while true {
                if sigwait(&set, &signal) == 0 { hurry() }
            }
        }
        thread.name = "hurry"
        thread.stackSize = 1 << 17
        thread.start()
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGUSR1)
        return set
    }
}
