package import Domain
package import Postgres
import System
package import Telemetry

/// Does what messages from people cause, right after they were stored and off the way of callbacks:
/// finds the message that each answers, tells live streams and webhooks, and sends our own answers to STOP and
/// HELP.
///
/// Any number of processes may do it; each message is taken by one, in one transaction with all that
/// it causes, so that nothing happens twice or never.
package final class InboundFollower: Sendable {
    private let pool: ConnectionPool
    private let feed: ChangeFeed
    private let replies: InboundReplies
    private let logger: Logger
    private let failures: Counter
    private let thread = ServiceThread("inbound")

    /// What another process stored, or this one before it was killed, is found after that.
    private static let interval = Duration.seconds(2)
    private static let retryInterval = Duration.seconds(5)
    private static let portion = 50
    private static let limit = Duration.seconds(20)

    /// Starts its thread.
    ///
    /// - Parameters:
    ///   - pool: of one connection, used for this alone.
    ///   - replies: what is answered to STOP and HELP.
    ///   - feed: gets messages from people, and the answers that were queued.
    ///   - metrics: where failures are counted.
    ///   - logger: told of failures.
    package init(
        _ pool: ConnectionPool, replies: InboundReplies, feed: ChangeFeed,
        metrics: Metrics = Metrics(), logger: Logger
    ) {
        self.pool = pool
        self.replies = replies
        self.feed = feed
        self.logger = logger
        failures = metrics.counter(
            "waybill_inbound_follow_failures_total",
            "Attempts to do what messages from people cause that failed.")
        thread.startOrAbort { [self] in run() }
    }

    /// There may be something to do. Any thread; never blocks.
    package func wake() { thread.wake() }

    /// Ends the thread after its current portion, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        while !thread.isStopping {
            var rest = Self.interval
            do throws(PostgresError) {
                while try followSome() == Self.portion, !thread.isStopping {}
            } catch {
                failures.add()
                logger.log(
                    .warning, "messages from people wait; it is tried again", limitKey: "",
                    ["error": "\(error.description)"])
                rest = Self.retryInterval
            }
            thread.wait(for: rest)
        }
    }

    /// Takes a portion; tells how many there were.
    private func followSome() throws(PostgresError) -> Int {
        let (count, changes) = try pool.withConnection(isIdempotent: true) {
            connection throws(PostgresError) in
            try connection.transaction {
                () throws(PostgresError) -> (Int, [StatusChange]) in
                let taken = try connection.execute(SelectUnfollowed(limit: Self.portion)).rows
                guard !taken.isEmpty else { return (0, []) }
                let (_, found) = try connection.execute(
                    SearchSettings(limit: Self.limit, usesBitmaps: true),
                    SelectAnswered(messages: taken.map(\.stored)), within: Self.limit)
                let answered = Dictionary(found.rows.map { ($0.reply, $0.message) }) { $1 }
                var changes = try replies.queue(for: taken, on: connection)
                changes +=
                    try connection.execute(
                        MarkFollowed(
                            messages: taken.map {
                                ($0.stored.message.id, answered[$0.stored.message.id])
                            })
                    ).first ?? []
                try connection.execute(EnqueueInboundEvents(messages: taken.map(\.stored)))
                return (taken.count, changes)
            }
        }
        feed.publish(changes)
        return count
    }
}
