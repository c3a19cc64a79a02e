import Postgres
private import Synchronization
import System

/// Records which sessions block another one while it waits; afterwards that cannot be found out.
///
/// On a thread and a connection of its own. Without those, nothing is recorded.
final class LockWatch: Sendable {
    private let seen = Mutex<[LockBlocker]>([])
    private let thread = ServiceThread("lock-watch")

    private static let interval = Duration.milliseconds(100)

    /// Starts its thread.
    init(_ settings: ConnectionSettings, backend: Int32) {
        thread.startOrAbort { [self] in watch(settings, backend) }
    }

    /// Ends the thread and returns the sessions that it was last blocked by.
    func stop() -> [LockBlocker] {
        thread.stop()
        thread.join()
        return seen.withLock { $0 }
    }

    private func watch(_ settings: ConnectionSettings, _ backend: Int32) {
        guard let connection = try? Connection(settings, within: .seconds(2)) else { return }
        repeat {
            let blockers = try? connection.execute(
                SelectBlockers(backend: backend), within: .seconds(2)
            ).rows
            guard let blockers else { return }
            if !blockers.isEmpty { seen.withLock { $0 = blockers } }
        } while thread.pause(for: Self.interval)
    }
}
