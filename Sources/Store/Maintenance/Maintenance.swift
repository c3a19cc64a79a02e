private import Dispatch
private import Foundation
package import Postgres
package import Telemetry

/// Keeps the archive's partitions ahead of time and drops what is past its retention, of sending
/// too: at the start, then every hour.
package final class Maintenance: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    private let keepDays: Int
    private let stopSignal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let daysAhead = 7

    /// Starts its thread.
    package init(_ pool: ConnectionPool, keepDays: Int, logger: Logger) {
        self.pool = pool
        self.keepDays = keepDays
        self.logger = logger
        let thread = Thread { [self] in
            var isStopped = false
            while !isStopped {
                maintain()
                isStopped = stopSignal.wait(timeout: .now() + .seconds(3600)) == .success
            }
            ended.signal()
        }
        thread.name = "maintenance"
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// Ends the thread; what it is doing is finished first, unless the database hangs.
    package func stop() {
        stopSignal.signal()
        _ = ended.wait(timeout: .now() + .seconds(5))
    }

    private func maintain() {
        // Rows for a day without a partition go to the default one, so there is no hurry.
        attempt("the archive's partitions could not be maintained") {
            connection throws(PostgresError) in
            try connection.execute(
                MaintainPartitions(daysAhead: Self.daysAhead, keepDays: keepDays))
        }
        attempt("what sending left behind could not be dropped") {
            connection throws(PostgresError) in
            try connection.execute(MaintainOutbox(keepDays: keepDays))
        }
    }

    private func attempt(
        _ failure: StaticString, _ body: (Connection) throws(PostgresError) -> Void
    ) {
        do throws(PostgresError) {
            try pool.withConnection(isIdempotent: true, body)
        } catch {
            logger.log(.warning, "\(failure)", ["error": "\(error.description)"])
        }
    }
}
