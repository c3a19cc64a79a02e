import Domain
import Postgres

extension Committer {
    /// Moves messages with reports about parts to the combined status, if all parts have ended.
    ///
    /// After the commit of the reports, so that of two writers with a part each the later one sees
    /// both; before the answer, so that the provider repeats the callback after a failure. Costs
    /// nothing unless there are such reports.
    mutating func settleParts(of rows: WriteBatch) throws(PostgresError) {
        guard !rows.messagesWithParts.isEmpty else { return }
        let limit = writer.settings.commitDeadline
        let connection = try usableConnection()
        let reports = try connection.execute(
            PreferIndexes(), SelectPartReports(messages: rows.messagesWithParts), within: limit
        ).1.rows
        let byMessage = Dictionary(grouping: reports, by: \.report.message)
        let causes = Dictionary(
            rows.reports.lazy.map { ($0.report.message, $0.report.source.cause) },
            uniquingKeysWith: { first, _ in first })
        let settled: [SettleMessages.Settled] = rows.messagesWithParts.compactMap { message in
            guard let parts = MessageParts(byMessage[message] ?? []),
                let settlement = parts.settlement
            else { return nil }
            return (message, settlement, causes[message] ?? .callback)
        }
        guard !settled.isEmpty else { return }
        let moved = try connection.execute(
            PreferIndexes(), SettleMessages(settled: settled), within: limit
        ).1
        writer.feed.publish(moved.first ?? [])
    }
}
