import Domain
import Postgres
import Telemetry

extension Committer {
    /// Takes a batch apart that PostgreSQL refused for its data, until the bad row stands alone.
    ///
    /// Throws when the database went away meanwhile; then all of it may be written again.
    mutating func isolate(
        _ items: ArraySlice<WriteBatch.Item>
    ) throws(PostgresError) {
        do throws(PostgresError) {
            try write(WriteBatch(items: items), asNewReports: false, asNewMessages: false)
        } catch {
            guard error.isBadData else { throw error }
            if items.count > 1 {
                let middle = items.startIndex + items.count / 2
                try isolate(items[..<middle])
                try isolate(items[middle...])
            } else if let item = items.first {
                try quarantine(item, error)
            }
        }
    }

    /// Puts a row that PostgreSQL refuses where somebody can look at it.
    private mutating func quarantine(
        _ item: WriteBatch.Item, _ error: PostgresError
    ) throws(PostgresError) {
        writer.metrics.poison.add()
        let state = error.sqlState.map { "\($0)" } ?? "unknown"
        writer.logger.log(
            .error, "PostgreSQL refused a row; it is in quarantine",
            ["error": "\(error.description)"])
        let origin: ArchivedCallback
        let place: String
        var excerpt: [UInt8] = []
        switch item {
        case .report(let report, let callback, let receivedAt):
            origin = ArchivedCallback(
                id: callback, provider: report.provider, receivedAt: receivedAt, uri: "", body: [])
            // The archive has what it said.
            place = "message \(report.message)"
        case .reject(let reject, let callback):
            origin = callback
            // Its own texts are what was refused, most likely.
            place = reject.place.replacing("\0", with: "\u{FFFD}")
            excerpt = reject.excerpt
        case .callback(let callback):
            origin = callback
            place = "callback"
            excerpt = callback.body
        }
        let reject = Reject(
            reason: "database_refused", place: place,
            detail: "PostgreSQL refused the row with SQLSTATE \(state).", excerpt: excerpt)
        do throws(PostgresError) {
            let connection = try usableConnection()
            _ = try connection.execute(
                QuarantineRejects(rejects: [(reject, origin)]),
                within: writer.settings.commitDeadline)
        } catch {
            guard error.isBadData else { throw error }
            writer.logger.log(
                .error, "a refused row cannot even be put into quarantine; the archive has it",
                ["callback_id": "\(origin.id)", "error": "\(error.description)"])
        }
    }
}
