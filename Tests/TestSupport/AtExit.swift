import Glibc
import Synchronization

/// Work to do when the test process exits in an orderly way, last in first out.
enum AtExit {
    private static let actions = Mutex<[@Sendable () -> Void]>([])

    private static let installed: Void = {
        atexit {
            for action in AtExit.actions.withLock({ $0 }).reversed() { action() }
        }
    }()

    static func run(_ action: @escaping @Sendable () -> Void) {
        installed
        actions.withLock { $0.append(action) }
    }
}
