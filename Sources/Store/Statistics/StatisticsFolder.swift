package import Postgres
import System
package import Telemetry

/// Moves a portion of `statistic_change` into `statistic`; nil if another process is at it.
struct FoldStatistics: Statement {
    let most: Int

    static let name: StaticString = "fold_statistics"
    static let sql: StaticString = "select fold_statistics($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: most))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64? {
        try row.next(Int64?.self)
    }
}

/// Moves what the writers have counted to where it can be kept for long, every second, in small
/// portions.
///
/// Any number of processes may do it; one at a time does. Answers are exact without it: they only
/// take longer, by about a millisecond for each thousand rows that wait.
package final class StatisticsFolder: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    private let failures: Counter
    private let thread = ServiceThread("statistics")

    private static let interval = Duration.seconds(1)
    private static let retryInterval = Duration.seconds(10)
    /// Rows at a time, each of some ten counts: 20 ms.
    private static let portion = 1000
    private static let limit = Duration.seconds(10)
    /// How much later than at the server a time-out comes here.
    private static let grace = Duration.seconds(5)

    /// Starts its thread.
    ///
    /// - Parameters:
    ///   - pool: of one connection, used for this alone.
    ///   - metrics: where failures are counted.
    ///   - logger: told of failures.
    package init(_ pool: ConnectionPool, metrics: Metrics = Metrics(), logger: Logger) {
        self.pool = pool
        self.logger = logger
        failures = metrics.counter(
            "waybill_statistics_failures_total",
            "Attempts to move counts of messages to their table that failed.")
        thread.startOrAbort { [self] in run() }
    }

    /// Ends the thread after its current portion, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        while !thread.isStopping {
            let started = ContinuousClock.now
            var pause = Self.interval
            do throws(PostgresError) {
                try foldAll()
                // Where it takes long, it takes a quarter of a core at most.
                pause = max(pause, (.now - started) * 3)
            } catch {
                failures.add()
                logger.log(
                    .warning, "counting messages is behind; it is tried again", limitKey: "",
                    ["error": "\(error.description)"])
                pause = Self.retryInterval
            }
            thread.pause(for: pause)
        }
    }

    private func foldAll() throws(PostgresError) {
        while !thread.isStopping {
            let moved = try pool.withConnection(isIdempotent: true) {
                connection throws(PostgresError) in
                try connection.execute(
                    LimitStatementTime(limit: Self.limit), CommitLazily(),
                    FoldStatistics(most: Self.portion), within: Self.limit + Self.grace
                ).2.first ?? nil
            }
            guard let moved, moved >= Self.portion else { return }
        }
    }
}
