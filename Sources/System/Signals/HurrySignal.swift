internal import Glibc

/// SIGUSR1: answer all waiting requests now. `waybill demo` sends it before it stops nginx, which
/// drops requests that wait longer than its own stop may take.
package struct HurrySignal: Sendable {
    private let signals: SignalSet

    /// Blocks it in this thread and in all that this thread starts from now on.
    package init() { signals = SignalSet(blocking: [SIGUSR1]) }

    /// Calls back whenever it comes, on a thread of its own.
    package func onEach(_ hurry: @escaping @Sendable () -> Void) {
        signals.onEach("hurry") { _ in hurry() }
    }
}
