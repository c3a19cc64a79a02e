internal import Glibc

/// SIGUSR1: nobody should be kept waiting any more. `waybill demo` sends it before it stops nginx,
/// which gives up what waits longer than its own stop may take.
package struct HurrySignal: Sendable {
    private let signals: SignalSet

    /// Blocks it in this thread and in all that it makes from now on.
    package init() { signals = SignalSet(blocking: [SIGUSR1]) }

    /// Calls back whenever it comes, on a thread of its own.
    package func onEach(_ hurry: @escaping @Sendable () -> Void) {
        signals.onEach("hurry") { _ in hurry() }
    }
}
