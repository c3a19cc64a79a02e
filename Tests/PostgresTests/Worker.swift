import Foundation
import Synchronization

/// A plain thread, as used with connections.
final class Worker: Sendable {
    private let group = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)

    init(_ body: @escaping @Sendable () throws -> Void) {
        group.enter()
        Thread.detachNewThread { [self] in
            do {
                try body()
            } catch {
                failure.withLock { $0 = error }
            }
            group.leave()
        }
    }

    /// Waits for its end, and throws what it threw.
    func join() throws {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
