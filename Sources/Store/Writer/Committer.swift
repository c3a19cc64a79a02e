import Dispatch
import Domain
import Postgres
import Telemetry

/// One committing thread: its connection, and what it knows to be in the dictionary.
///
/// Used by its own thread only. While the server works on a batch, the thread answers the one
/// before.
struct Committer {
    private typealias Entry = SubmissionQueue.Entry

    private let writer: ReportWriter
    private var connection: Connection?
    private var knownOutcomes: Set<Int64> = []
    private var pause = Self.shortestPause
    /// Its own rows of the tally. Bounded, so that restarts do not grow the table.
    private let shard = Int16.random(in: 0..<64)

    private static let shortestPause: Duration = .milliseconds(20)
    private static let longestPause: Duration = .seconds(1)
    /// How long a connect may take, and the look whether the server takes writes.
    private static let probeTime: Duration = .seconds(2)
    private static let mostKnownOutcomes = 10_000
    /// How often an idle thread looks whether its connection is still there.
    private static let idleCheck = DispatchTimeInterval.seconds(1)

    init(writer: ReportWriter) {
        self.writer = writer
    }

    /// Commits until the queue is closed and empty.
    mutating func run() {
        var committed: [Entry] = []
        // The first callback should not wait for a connect.
        keepConnected()
        while true {
            let entries = writer.queue.take(upTo: writer.settings.batchReports)
            if !entries.isEmpty {
                committed = commit(entries, answering: committed)
                continue
            }
            Self.answer(committed, .success(()))
            committed = []
            guard writer.queue.wait(until: DispatchTime.now() + Self.idleCheck)
            else { break }
            if writer.queue.count == 0, !writer.isEnding { keepConnected() }
        }
    }

    /// Commits entries, trying again until their deadlines.
    ///
    /// Returns those that are committed and not yet answered. `previous` is answered meanwhile.
    private mutating func commit(_ entries: [Entry], answering previous: [Entry]) -> [Entry] {
        var entries = entries
        var previous = previous
        while !entries.isEmpty {
            do throws(PostgresError) {
                try commitOnce(entries) {
                    Self.answer(previous, .success(()))
                    previous = []
                }
                return entries
            } catch {
                entries = outlast(error, entries)
            }
        }
        return []
    }

    /// Commits entries, all but the rows that PostgreSQL refuses; calls `meanwhile` while the server
    /// works, and at the latest before it throws.
    private mutating func commitOnce(
        _ entries: [Entry], meanwhile: () -> Void
    ) throws(PostgresError) {
        do throws(PostgresError) {
            try write(WriteBatch(entries.lazy.map(\.submission)), meanwhile: meanwhile)
        } catch {
            meanwhile()
            writer.metrics.failures.add()
            guard error.isBadData else { throw error }
            try isolate(WriteBatch.items(of: entries.lazy.map(\.submission))[...])
        }
    }

    /// Writes one batch in one transaction; calls `meanwhile` while the server works.
    private mutating func write(
        _ rows: WriteBatch, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        let connection = try usableConnection(beforeConnecting: meanwhile)
        // A server that hangs must not keep callbacks waiting until the connection gives it up.
        let limit = writer.settings.commitDeadline
        let started = ContinuousClock.now
        let archive = ArchiveCallbacks(callbacks: rows.callbacks)
        let record = RecordReports(
            reports: rows.reports, decisive: rows.decisive, shard: shard)
        let news = rows.outcomes.filter { !knownOutcomes.contains($0.id) }
        if news.isEmpty, rows.rejects.isEmpty {
            let pending = try connection.send(archive, record, within: limit)
            meanwhile()
            _ = try pending.receive()
        } else {
            let pending = try connection.send(
                KeepOutcomes(outcomes: news), archive,
                QuarantineRejects(rejects: rows.rejects), record, within: limit)
            meanwhile()
            _ = try pending.receive()
            if knownOutcomes.count > Self.mostKnownOutcomes { knownOutcomes = [] }
            knownOutcomes.formUnion(news.lazy.map(\.id))
        }
        writer.metrics.commit.record(.now - started)
        writer.metrics.batches.add()
        writer.metrics.reports.add(rows.reports.count)
        writer.metrics.batchSize.record(Double(rows.reports.count))
        pause = Self.shortestPause
        writer.databaseIsBack()
    }
}

extension Committer {
    /// Takes a batch apart that PostgreSQL refused for its data, until the bad row stands alone.
    ///
    /// Throws when the database went away meanwhile; then all of it may be written again.
    private mutating func isolate(
        _ items: ArraySlice<WriteBatch.Item>
    ) throws(PostgresError) {
        do throws(PostgresError) {
            try write(WriteBatch(items: items))
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
            _ = try connection.execute(QuarantineRejects(rejects: [(reject, origin)]))
        } catch {
            guard error.isBadData else { throw error }
            writer.logger.log(
                .error, "a refused row cannot even be put into quarantine; the archive has it",
                ["callback_id": "\(origin.id)", "error": "\(error.description)"])
        }
    }
}

extension Committer {
    /// After a failure that is not the data's: refuses what is overdue and waits a little.
    ///
    /// Returns what is worth another try.
    private mutating func outlast(_ error: PostgresError, _ entries: [Entry]) -> [Entry] {
        if !error.isTransient {
            // A missing grant or table: nothing that a moment's wait mends.
            writer.logger.log(
                .error, "a batch cannot be committed", ["error": "\(error.description)"])
            Self.answer(entries, .failure(.unavailable))
            writer.databaseIsAway(error)
            return []
        }
        // Another transaction won; the server itself is well.
        let lostRace = error.code == .serialization
        if !lostRace { writer.databaseIsAway(error) }
        let now = ContinuousClock.now
        let isEnding = writer.isEnding && !lostRace
        let overdue = entries.filter { isEnding || $0.deadline <= now }
        let reason = isEnding ? SinkFailure.stopping : .unavailable
        Self.answer(overdue, .failure(reason))
        Self.answer(writer.queue.removeExpired(at: isEnding ? nil : now), .failure(reason))
        let rest = entries.filter { !isEnding && $0.deadline > now }
        if !isEnding, !lostRace { backOff() }
        return rest
    }

    /// An idle thread's look at its connection, so that an outage is known before a callback comes.
    private mutating func keepConnected() {
        if let connection, connection.isAlive(), !writer.isAway { return }
        do throws(PostgresError) {
            // No rows: a connect alone shows neither a server that only reads nor a missing grant.
            _ = try usableConnection().execute(
                KeepOutcomes(outcomes: []), ArchiveCallbacks(callbacks: []),
                QuarantineRejects(rejects: []),
                RecordReports(reports: [], decisive: [], shard: shard), within: Self.probeTime)
            pause = Self.shortestPause
            writer.databaseIsBack()
        } catch {
            writer.databaseIsAway(error)
            backOff()
        }
    }

    private mutating func backOff() {
        // Full jitter: many responders must not come back in step.
        writer.pause(pause * Double.random(in: 0.5...1))
        pause = min(pause * 2, Self.longestPause)
    }

    /// The connection, made anew if the last one is of no more use.
    private mutating func usableConnection(
        beforeConnecting: () -> Void = {}
    ) throws(PostgresError) -> Connection {
        if let connection, connection.isAlive() { return connection }
        beforeConnecting()
        connection = nil
        // What another server has in its dictionary is not known.
        knownOutcomes = []
        let fresh = try Connection(writer.database, within: Self.probeTime)
        connection = fresh
        return fresh
    }

    private static func answer(_ entries: [Entry], _ result: Result<Void, SinkFailure>) {
        for entry in entries { entry.completion(result) }
    }
}
