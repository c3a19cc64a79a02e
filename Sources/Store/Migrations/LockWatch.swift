private import Dispatch
private import Foundation
import Postgres
private import Synchronization

/// Notes whom a session waits for while it does: afterwards nobody can tell any more.
///
/// On a thread and a connection of its own. Where that cannot be had, nothing is seen.
final class LockWatch: Sendable {
    private let seen = Mutex<[LockBlocker]>([])
    private let stopSignal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let interval = DispatchTimeInterval.milliseconds(100)

    /// Starts its thread.
    init(_ settings: ConnectionSettings, backend: Int32) {
        let thread = Thread { [self] in
            watch(settings, backend)
            ended.signal()
        }
        thread.name = "lock-watch"
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// Ends the thread and tells whom the session last waited for.
    func stop() -> [LockBlocker] {
        stopSignal.signal()
        ended.wait()
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
        } while stopSignal.wait(timeout: .now() + Self.interval) == .timedOut
    }
}
