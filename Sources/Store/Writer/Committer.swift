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
    private static let mostKnownOutcomes = 10_000
    /// How often an idle thread looks whether its connection is still there.
    private static let idleCheck = DispatchTimeInterval.seconds(1)

    init(writer: ReportWriter) {
        self.writer = writer
    }

    /// Commits until the queue is closed and empty.
    mutating func run() {
        var committed: [Entry] = []
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
            if writer.queue.count == 0 { keepConnected() }
        }
    }

    /// Commits entries, trying again until their deadlines.
    ///
    /// Returns those that are committed and not yet answered. `previous` is answered meanwhile.
    private mutating func commit(_ entries: [Entry], answering previous: [Entry]) -> [Entry] {
        var entries = entries
        var previous = previous
        while !entries.isEmpty {
            do {
                let rows = WriteBatch(entries.lazy.map(\.submission))
                try write(rows) {
                    Self.answer(previous, .success(()))
                    previous = []
                }
                return entries
            } catch {
                Self.answer(previous, .success(()))
                previous = []
                writer.metrics.failures.add()
                if error.isBadData {
                    if isolate(entries) { return entries }
                } else {
                    entries = outlast(error, entries)
                }
            }
        }
        return []
    }

    /// Writes one batch in one transaction; calls `meanwhile` while the server works.
    private mutating func write(
        _ rows: WriteBatch, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        let connection = try usableConnection()
        let started = ContinuousClock.now
        let archive = ArchiveCallbacks(callbacks: rows.callbacks)
        let record = RecordReports(
            reports: rows.reports, decisive: rows.decisive, shard: shard)
        let news = rows.outcomes.filter { !knownOutcomes.contains($0.id) }
        // A server that hangs must not keep callbacks waiting for longer than one that is away.
        let limit = writer.settings.commitDeadline
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
    /// Returns false if the database went away meanwhile; then all of it is written again.
    private mutating func isolate(_ entries: [Entry]) -> Bool {
        do throws(PostgresError) {
            try isolate(WriteBatch.items(of: entries.lazy.map(\.submission))[...])
            return true
        } catch {
            // Failing for good must not be taken for a try that may be repeated for ever.
            writer.databaseIsAway(error)
            writer.pause(Self.shortestPause)
            return false
        }
    }

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
        switch item {
        case .report(let report, let callback, let receivedAt):
            origin = ArchivedCallback(
                id: callback, provider: report.provider, receivedAt: receivedAt, uri: "", body: [])
            place = "message \(report.message)"
        case .reject(let reject, let callback):
            origin = callback
            place = reject.place
        case .callback(let callback):
            origin = callback
            place = "callback"
        }
        let reject = Reject(
            reason: "database_refused", place: place,
            detail: "PostgreSQL refused the row with SQLSTATE \(state).", excerpt: origin.body)
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
        if error.code == .serialization { return entries }
        writer.databaseIsAway(error)
        let now = ContinuousClock.now
        let isEnding = writer.isEnding
        let overdue = entries.filter { isEnding || $0.deadline <= now }
        Self.answer(overdue, .failure(isEnding ? .stopping : .unavailable))
        Self.answer(
            writer.queue.removeExpired(at: isEnding ? nil : now),
            .failure(isEnding ? .stopping : .unavailable))
        let rest = entries.filter { !isEnding && $0.deadline > now }
        if !isEnding { backOff() }
        return rest
    }

    /// An idle thread's look at its connection, so that an outage is known before a callback comes.
    private mutating func keepConnected() {
        do throws(PostgresError) {
            _ = try usableConnection()
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
    private mutating func usableConnection() throws(PostgresError) -> Connection {
        if let connection, connection.isAlive() { return connection }
        connection = nil
        // What another server has in its dictionary is not known.
        knownOutcomes = []
        let fresh = try Connection(writer.database, within: .seconds(2))
        connection = fresh
        return fresh
    }

    private static func answer(_ entries: [Entry], _ result: Result<Void, SinkFailure>) {
        for entry in entries { entry.completion(result) }
    }
}
