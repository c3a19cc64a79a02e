import Foundation
import Synchronization
import System

/// Whether the user wants a long command to end, with Ctrl-C or a signal: it ends after the batch that it
/// is at, and says where. A second signal ends it at once.
final class Interruption: Sendable {
    private let isAsked = Atomic<Bool>(false)
    private let wakeup = Wakeup()
    private let handler = Mutex<(@Sendable () -> Void)?>(nil)

    /// Takes the signals from now on; to be made before any other thread starts.
    init() {
        let signals = TerminationSignals(endsWithTerminal: true)
        _ = signals.onEach("interruption") { [self] signal in
            guard !isAsked.exchange(true, ordering: .relaxed) else { _exit(128 + signal) }
            wakeup.signal()
            handler.withLock { $0 }?()
        }
    }

    /// Calls back when the command is to end, on a thread of its own.
    func onWanted(_ handler: @escaping @Sendable () -> Void) {
        self.handler.withLock { $0 = handler }
        if isWanted { handler() }
    }

    /// Whether the command is to end now.
    var isWanted: Bool { isAsked.load(ordering: .relaxed) }

    /// Returns at the deadline, or as soon as the command is to end.
    func wait(until deadline: ContinuousClock.Instant) {
        while !isWanted, .now < deadline { _ = wakeup.wait(until: deadline) }
    }

    /// Leaves the database to others for as long as the last batch took, so that a live system loses
    /// half of a core and one connection at most; ends early if the command is to end.
    func rest(after batch: Duration) {
        guard !isWanted else { return }
        wakeup.wait(for: min(max(batch, .milliseconds(1)), .seconds(2)))
    }
}
