import Foundation
import Testing

/// Runs tests that wait for a database on a few threads of their own.
///
/// Swift's pool has one thread a core and starts all tests of the process at once: waiting on it
/// would eat up the time limits of tests that only stand in line. All waits in these tests are
/// bounded themselves.
struct BlockingTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockingExecutor.shared) { try await function() }
    }
}

extension Trait where Self == BlockingTrait {
    /// For suites whose tests block.
    static var blocking: Self { BlockingTrait() }
}

private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    private let threads: OperationQueue

    private init() {
        threads = OperationQueue()
        // More than cores, because most of the time is waiting.
        threads.maxConcurrentOperationCount = 4
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.addOperation { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
