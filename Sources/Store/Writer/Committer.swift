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

    let writer: ReportWriter
    /// Which of the writer's committers this is, from 0.
    private let number: Int
    private var connection: Connection?
    private var knownOutcomes: Set<Int64> = []
    private var pause = Self.shortestPause
    private var newReports = Optimism()
    private var newMessages = Optimism()
    /// Whether the queue counts on this thread to take what comes.
    private var isTaker = false
    /// When waiting entries were last looked at for their deadlines.
    private var lastExpiry = ContinuousClock.now
    /// Its own rows of the tally. Bounded, so that restarts do not grow the table.
    private let shard = Int16.random(in: 0..<64)

    private static let shortestPause: Duration = .milliseconds(20)
    private static let longestPause: Duration = .seconds(1)
    /// How long a connect may take, and the look whether the server takes writes.
    private static let probeTime: Duration = .seconds(2)
    private static let mostKnownOutcomes = 10_000
    /// Looking through all that waits takes a while, with the queue locked.
    private static let expiryInterval: Duration = .milliseconds(50)
    /// How often an idle thread looks whether its connection is still there.
    private static let idleCheck = DispatchTimeInterval.seconds(1)

    init(writer: ReportWriter, number: Int) {
        self.writer = writer
        self.number = number
    }

    /// Commits until the queue is closed and empty.
    mutating func run() {
        var committed: [Entry] = []
        // The first callback should not wait for a connect.
        keepConnected()
        while true {
            let entries = writer.queue.take(upTo: writer.settings.batchReports)
            if !entries.isEmpty {
                isTaker = true
                committed = commit(entries, answering: committed)
                if isTaker { writer.queue.finish() }
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
                try commitOnce(&entries) {
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
    ///
    /// Leaves those that are not answered.
    private mutating func commitOnce(
        _ entries: inout [Entry], meanwhile: () -> Void
    ) throws(PostgresError) {
        do throws(PostgresError) {
            try write(WriteBatch(entries.lazy.map(\.submission)), meanwhile: meanwhile)
        } catch {
            meanwhile()
            writer.metrics.failures.add()
            guard error.isBadData else { throw error }
            try isolate(entries, refused: error, remaining: &entries)
        }
    }

    /// Writes one batch in one transaction; calls `meanwhile` while the server works.
    ///
    /// Where the rows are taken to be new and are not, it is written once more, with care.
    private mutating func write(
        _ rows: WriteBatch, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        let hopesForReports = newReports.isHopeful()
        let hopesForMessages = newMessages.isHopeful()
        do throws(PostgresError) {
            try write(
                rows, asNewReports: hopesForReports, asNewMessages: hopesForMessages,
                meanwhile: meanwhile)
            if hopesForReports { newReports.wasRight() }
            if hopesForMessages { newMessages.wasRight() }
        } catch {
            switch error.constraint {
            case "report_pkey" where hopesForReports:
                // A repeated report is of a known message.
                newReports.wasWrong()
                if hopesForMessages { newMessages.wasWrong() }
                try write(rows, asNewReports: false, asNewMessages: false)
            case "message_pkey" where hopesForMessages:
                newMessages.wasWrong()
                try write(rows, asNewReports: false, asNewMessages: false)
            default: throw error
            }
        }
    }

    /// The same with the guesses given.
    mutating func write(
        _ rows: WriteBatch, asNewReports: Bool, asNewMessages: Bool, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        switch (asNewReports, asNewMessages) {
        case (true, true):
            try send(
                rows, RecordNewReports(reports: rows.reports, counts: rows.counts, shard: shard),
                AddNewMessages(decisive: rows.decisive), meanwhile)
        case (true, false):
            try send(
                rows, RecordNewReports(reports: rows.reports, counts: rows.counts, shard: shard),
                MoveMessages(decisive: rows.decisive), meanwhile)
        case (false, _):
            try send(
                rows, RecordReports(reports: rows.reports, shard: shard),
                MoveMessages(decisive: rows.decisive), meanwhile)
        }
    }

    private mutating func send(
        _ rows: WriteBatch, _ reports: some Statement, _ messages: some Statement,
        _ meanwhile: () -> Void
    ) throws(PostgresError) {
        writer.queue.attemptBegan(number)
        defer { writer.queue.attemptEnded(number) }
        let connection = try usableConnection(beforeConnecting: meanwhile)
        // A server that hangs must not keep callbacks waiting until the connection gives it up.
        let limit = writer.settings.commitDeadline
        let started = ContinuousClock.now
        let archive = ArchiveCallbacks(callbacks: rows.callbacks)
        let news = rows.outcomes.filter { !knownOutcomes.contains($0.id) }
        if news.isEmpty, rows.rejects.isEmpty {
            let pending = try connection.send(archive, reports, messages, within: limit)
            meanwhile()
            _ = try pending.receive()
        } else {
            let pending = try connection.send(
                KeepOutcomes(outcomes: news), archive,
                QuarantineRejects(rejects: rows.rejects), reports, messages, within: limit)
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
    /// After a failure that is not the data's: refuses what is overdue and waits a little.
    ///
    /// Returns what is worth another try.
    private mutating func outlast(_ error: PostgresError, _ entries: [Entry]) -> [Entry] {
        if !error.isTransient {
            // A missing grant or table: nothing that a moment's wait mends.
            writer.logger.log(
                .error, "a batch cannot be committed", ["error": "\(error.description)"])
            writer.databaseIsAway(error)
            Self.answer(entries, .failure(.unavailable))
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
        writer.queue.attemptBegan(number)
        defer { writer.queue.attemptEnded(number) }
        do throws(PostgresError) {
            // No rows: a connect alone shows neither a server that only reads nor a missing grant.
            _ = try usableConnection().execute(
                KeepOutcomes(outcomes: []), ArchiveCallbacks(callbacks: []),
                QuarantineRejects(rejects: []),
                RecordReports(reports: [], shard: shard), MoveMessages(decisive: []),
                within: Self.probeTime)
            pause = Self.shortestPause
            writer.databaseIsBack()
        } catch {
            writer.databaseIsAway(error)
            backOff()
        }
    }

    private mutating func backOff() {
        // Jitter: many responders must not come back in step.
        writer.pause(pause * Double.random(in: 0.5...1))
        pause = min(pause * 2, Self.longestPause)
    }

    /// The connection, made anew if the last one is of no more use.
    mutating func usableConnection(
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

    /// Lets another thread take what comes while this one is busy for long.
    mutating func stepAside() {
        guard isTaker else { return }
        isTaker = false
        writer.queue.stepAside()
    }

    /// Refuses what waits past its deadline, unless that was looked at just now.
    mutating func answerExpiredWaiting(at now: ContinuousClock.Instant) {
        guard now - lastExpiry >= Self.expiryInterval else { return }
        lastExpiry = now
        Self.answer(writer.queue.removeExpired(at: now), .failure(.unavailable))
    }

    static func answer(_ entries: [SubmissionQueue.Entry], _ result: Result<Void, SinkFailure>) {
        for entry in entries { entry.completion(result) }
    }
}
