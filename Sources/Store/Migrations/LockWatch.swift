import Postgres
private import Synchronization
import System

/// Notes whom a session waits for while it does: afterwards nobody can tell any more.
///
/// On a thread and a connection of its own. Where that cannot be had, nothing is seen.
final class LockWatch: Sendable {
    private let seen = Mutex<[LockBlocker]>([])
    private let thread = ServiceThread("lock-watch")

    private static let interval = Duration.milliseconds(100)

    /// Starts its thread.
    init(_ settings: ConnectionSettings, backend: Int32) {
        thread.startOrAbort { [self] in watch(settings, backend) }
    }

    /// Ends the thread and tells whom the session last waited for.
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
