import Domain
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

/// Compares an hour's counts with its messages and corrects them; tells how many rows were wrong.
struct RecountStatistics: Statement {
    /// A full hour.
    let hour: Timestamp
    var repairs = true

    static let name: StaticString = "recount_statistics"
    static let sql: StaticString = "select recount_statistics($1, $2)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: hour.microseconds)
        parameters.add(repairs)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// One step of the first recount of all hours; nil if none is left or another process is at it.
struct RecountNextHour: Statement {
    static let name: StaticString = "recount_next_hour"
    static let sql: StaticString = "select counted_hour from recount_next_hour()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp? {
        try row.next(Timestamp?.self)
    }
}

/// Moves what the writers have counted to where it can be kept for long, every second, in small
/// portions.
///
/// Any number of processes may do it; one at a time does. Answers are exact without it: they only
/// take longer, by about a millisecond for each thousand rows that wait.
///
/// Also counts what was there before anybody counted, and recounts the last two hours every hour: a
/// program of the version before adds messages without counting them.
package final class StatisticsFolder: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    private let failures: Counter
    private let thread = ServiceThread("statistics")

    private static let interval = Duration.seconds(1)
    private static let retryInterval = Duration.seconds(10)
    /// Rows at a time, each of some ten counts: so few that a time-out costs little.
    private static let portion = 1000
    private static let limit = Duration.seconds(10)
    /// How much later than at the server a time-out comes here.
    private static let grace = Duration.seconds(5)
    private static let recountInterval = Duration.seconds(3600)
    /// For the messages of one hour, however many; then that hour is tried again later.
    private static let recountLimit = Duration.seconds(300)

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
        var nextRecount = ContinuousClock.now
        while !thread.isStopping {
            let started = ContinuousClock.now
            var pause = Self.interval
            do throws(PostgresError) {
                try foldAll()
                try recountAll()
                if .now >= nextRecount {
                    try recountLatest()
                    nextRecount = .now + Self.recountInterval
                }
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

    /// What was there before anybody counted: an hour after the other, with pauses.
    private func recountAll() throws(PostgresError) {
        while !thread.isStopping {
            let started = ContinuousClock.now
            guard try run(RecountNextHour()) ?? nil != nil else { return }
            try foldAll()
            thread.pause(for: min((.now - started) * 3, .seconds(10)))
        }
    }

    private func recountLatest() throws(PostgresError) {
        let hour = Timestamp.now.startOfHour
        for hour in [hour, hour.advanced(by: .seconds(-3600))] {
            let wrong = try run(RecountStatistics(hour: hour)) ?? 0
            guard wrong > 0 else { continue }
            logger.log(
                .warning, "counts of messages were off and have been corrected", limitKey: "",
                ["hour": "\(hour)", "rows": .integer(wrong)])
        }
    }

    private func run<S: Statement>(
        _ statement: S
    ) throws(PostgresError) -> S.Row? where S.Row: Sendable, S: Sendable {
        try pool.withConnection(isIdempotent: true) { connection throws(PostgresError) in
            try connection.execute(
                LimitStatementTime(limit: Self.recountLimit), CommitLazily(), statement,
                within: Self.recountLimit + Self.grace
            ).2.first
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
