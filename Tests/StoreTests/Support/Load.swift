import Dispatch
import Domain
import Postgres
import Synchronization
import TestSupport

@testable import Store

/// Threads that submit one callback after another, each about a message of its own, until told to
/// stop; a refused one is submitted again, as a provider does.
final class Load: Sendable {
    private struct State {
        var committed: [Int] = []
        var failures = 0
    }

    private let state = Mutex(State())
    private let isOver = Atomic<Bool>(false)
    private let workers = Mutex<[Worker]>([])

    init(_ writer: ReportWriter, threads: Int = 4) {
        let running = (0..<threads).map { thread in
            Worker { [self] in
                var number = thread * 1_000_000
                while !isOver.load(ordering: .relaxed) {
                    if submit(number, writer) {
                        number += 1
                    } else {
                        // A provider waits, too, and the machine has other work.
                        _ = waitUntil(within: .milliseconds(5)) { false }
                    }
                }
            }
        }
        workers.withLock { $0 = running }
    }

    private func submit(_ number: Int, _ writer: ReportWriter) -> Bool {
        let answered = DispatchSemaphore(value: 0)
        let isSuccess = Atomic<Bool>(false)
        writer.submit(.sample([.sample(number)])) { answer in
            isSuccess.store(answer.isSuccess, ordering: .relaxed)
            answered.signal()
        }
        guard answered.wait(timeout: .now() + 40) == .success else { return false }
        let wasStored = isSuccess.load(ordering: .relaxed)
        state.withLock { state in
            if wasStored { state.committed.append(number) } else { state.failures += 1 }
        }
        return wasStored
    }

    /// Submissions that were answered with success.
    var successes: Int { state.withLock { $0.committed.count } }
    /// Submissions that were refused.
    var failures: Int { state.withLock { $0.failures } }

    /// Ends the threads; false if one does not end.
    func stop() -> Bool {
        isOver.store(true, ordering: .relaxed)
        return workers.withLock { $0 }.allSatisfy { $0.join() }
    }

    /// How many were answered with success and are not in the database.
    func missing(in database: TestDatabase) throws -> Int {
        let connection = try Connection(database.admin)
        let stored = Set(try connection.execute(ListStored()).rows)
        return state.withLock { $0.committed }.count { !stored.contains(.test($0)) }
    }
}

/// The messages that have a report and a status.
private struct ListStored: Statement {
    static let name: StaticString = "list_stored"
    static let sql: StaticString = """
        select message_id from report join message on message.id = message_id
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}
