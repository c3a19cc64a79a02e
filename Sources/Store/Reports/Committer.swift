import Domain
import Postgres
import Telemetry

/// One committing thread: its connection, and the outcomes that it knows to be in the table.
///
/// Used by its own thread only. While the server works on a batch, the thread answers the last one.
/// Entries past their deadline are answered by the writer's deadline thread, whatever this thread
/// waits for.
struct Committer {
    private typealias Entry = SubmissionQueue.Entry

    let writer: ReportWriter
    /// Which of the writer's committers this is, from 0.
    let number: Int
    /// The entries that it has taken and that are not answered yet.
    let taken: OpenEntries
    private var connection: Connection?
    private var knownOutcomes: Set<Int64> = []
    private var pause = Self.shortestPause
    private var newReports = Optimism()
    private var newMessages = Optimism()
    /// Whether the queue expects this thread to take new entries.
    private var isTaker = false
    /// Whether the current batch has met rows that another transaction holds.
    var waitsBriefly = false
    /// Whether something in the current batch may have been stored already; most batches are not
    /// searched for that.
    var mayHoldReplays = false
    /// Whether its session keeps old messages from being dropped.
    var holdsRetention = false
    /// The ledger's floor, and until when it may be taken for the present one.
    var knownFloor: (floor: Timestamp, until: ContinuousClock.Instant)?
    private var lastUse = ContinuousClock.now
    /// Its own rows of the tally. Bounded, so that restarts do not grow the table.
    private var shard: Int16

    private static let shortestPause: Duration = .milliseconds(20)
    private static let longestPause: Duration = .seconds(1)
    /// How long a connect may take, and the check that the server accepts writes.
    private static let probeTime: Duration = .seconds(2)
    private static let mostKnownOutcomes = 10_000
    /// Committers of one writer never share a row of the tally: they differ in the last digit.
    private static let shardDigits: Int16 = 8
    /// The shortest time that a batch gets.
    private static let shortestTime: Duration = .milliseconds(100)
    /// How long a batch that has met locks waits for them the next time.
    private static let briefLockWait: Duration = .milliseconds(50)
    /// How often an idle thread checks that it could write.
    private static let idleCheck: Duration = .seconds(1)

    init(writer: ReportWriter, number: Int, taken: OpenEntries) {
        self.writer = writer
        self.number = number
        self.taken = taken
        shard =
            .random(in: 0..<Self.shardDigits) * Self.shardDigits
            + Int16(number) % Self.shardDigits
    }

    /// Commits until the queue is closed and empty.
    mutating func run() {
        var committed: [Entry] = []
        // The first callback should not wait for a connect.
        keepConnected()
        while true {
            let portion = writer.queue.take(upTo: writer.settings.batchReports, by: number)
            writer.refuse(portion.hopeless, .full)
            if !portion.entries.isEmpty {
                isTaker = true
                waitsBriefly = portion.hasMetLocks
                mayHoldReplays = portion.mayHoldReplays
                taken.replace(with: portion.entries)
                committed = commit(answering: committed)
                if isTaker { writer.queue.finish(by: number) }
                continue
            }
            Self.answer(committed, .success(()))
            committed = []
            guard writer.queue.wait(for: Self.idleCheck) else { break }
            if writer.queue.isIdle, !writer.isEnding { keepConnected() }
        }
    }

    /// Commits the taken entries, trying again until all are answered.
    ///
    /// Returns the committed ones that are not yet answered. `previous` is answered meanwhile.
    private mutating func commit(answering previous: [Entry]) -> [Entry] {
        var previous = previous
        func answerPrevious() {
            Self.answer(previous, .success(()))
            previous = []
        }
        while true {
            let entries = taken.open
            if entries.isEmpty {
                answerPrevious()
                return taken.closeAll()
            }
            do throws(PostgresError) {
                try commitOnce(entries, meanwhile: answerPrevious)
                return taken.closeAll()
            } catch {
                if error.isOutcomeUnknown { mayBeArchived() }
                outlast(error)
            }
        }
    }

    /// Commits entries, except rows that PostgreSQL refuses and those that another transaction
    /// holds; calls `meanwhile` while the server works, and at the latest before it throws.
    private mutating func commitOnce(
        _ entries: [Entry], meanwhile: () -> Void
    ) throws(PostgresError) {
        defer { releaseRetention() }
        do throws(PostgresError) {
            var entries = try matchSendRequests(of: entries, meanwhile: meanwhile)
            entries = try leaveOutArchived(of: entries, meanwhile: meanwhile)
            entries = try leaveOutDropped(of: entries, meanwhile: meanwhile)
            if waitsBriefly {
                meanwhile()
                try putHeldAside()
                entries = taken.open
                if entries.isEmpty { return }
            }
            try write(
                WriteBatch(entries.lazy.map(\.submission), writer.settings.optOuts),
                meanwhile: meanwhile)
        } catch {
            meanwhile()
            writer.metrics.failures.add()
            guard error.isBadData || error.isLockWait else { throw error }
            try bisect(refused: error)
        }
    }

    /// Writes one batch in one transaction; calls `meanwhile` while the server works.
    ///
    /// If rows that were assumed to be new are not, it is written once more, with a check.
    private mutating func write(
        _ rows: WriteBatch, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        let mayExpectNew = rows.reports.count >= Optimism.leastReports
        let expectsNewReports = mayExpectNew && newReports.expectsNew()
        let expectsNewMessages = mayExpectNew && !rows.hasOwnMessages && newMessages.expectsNew()
        do throws(PostgresError) {
            try write(
                rows, asNewReports: expectsNewReports, asNewMessages: expectsNewMessages,
                meanwhile: meanwhile)
            if expectsNewReports { newReports.wasRight() }
            if expectsNewMessages { newMessages.wasRight() }
        } catch {
            switch error.constraint {
            case "report_pkey" where expectsNewReports:
                // A repeated report is of a known message.
                newReports.wasWrong()
                if expectsNewMessages { newMessages.wasWrong() }
                try write(rows, asNewReports: false, asNewMessages: false)
            case "message_pkey" where expectsNewMessages:
                newMessages.wasWrong()
                try write(rows, asNewReports: false, asNewMessages: false)
            default: throw error
            }
        }
    }

    /// The same with the assumptions given.
    mutating func write(
        _ rows: WriteBatch, asNewReports: Bool, asNewMessages: Bool, meanwhile: () -> Void = {}
    ) throws(PostgresError) {
        let messages = UpsertMessageStatus(decisive: rows.decisive, arrivals: rows.arrivals)
        switch (asNewReports, asNewMessages) {
        case (true, true):
            try send(
                rows, RecordNewReports(reports: rows.reports),
                TallyReports(counts: rows.counts, shard: shard),
                AddNewMessages(decisive: rows.decisive, arrivals: rows.arrivals),
                NoteNewMessages(decisive: rows.decisive, counts: rows.messageCounts),
                { rows.changesIfNew(block: $0) }, meanwhile)
        case (true, false):
            try send(
                rows, RecordNewReports(reports: rows.reports),
                TallyReports(counts: rows.counts, shard: shard),
                AddNewMessages(decisive: [], arrivals: []), messages, { $0 }, meanwhile)
        case (false, _):
            try send(
                rows, RecordReports(reports: rows.reports, shard: shard),
                TallyReports(counts: [], shard: shard),
                AddNewMessages(decisive: [], arrivals: []), messages, { $0 }, meanwhile)
        }
        try settleParts(of: rows)
    }

    private mutating func send<Changes: Statement>(
        _ rows: WriteBatch, _ reports: some Statement, _ tally: TallyReports,
        _ newMessages: AddNewMessages, _ changes: Changes,
        _ read: (Changes.Row) -> [StatusChange], _ meanwhile: () -> Void
    ) throws(PostgresError) {
        writer.queue.attemptBegan(number)
        var took: Duration?
        defer { writer.queue.attemptEnded(number, batchTook: took) }
        let connection = try usableConnection(beforeConnecting: meanwhile)
        let started = ContinuousClock.now
        // After the last deadline there is no entry left to answer.
        let left = taken.lastDeadline.map { $0 - started } ?? writer.settings.commitDeadline
        let limit = max(left, Self.shortestTime)
        let noted: Changes.Row?
        do throws(PostgresError) {
            noted = try send(
                rows, reports, tally, newMessages, changes, meanwhile, over: connection,
                within: limit)
            took = .now - started
        } catch {
            if error.isOutcomeUnknown, error.code == .timeout { took = .now - started }
            throw error
        }
        writer.metrics.commit.record(.now - started)
        writer.metrics.batches.add()
        writer.metrics.reports.add(rows.reports.count)
        writer.metrics.batchSize.record(Double(rows.reports.count))
        noteSuccess()
        if !rows.inbound.isEmpty { writer.settings.onInbound() }
        if let noted { writer.feed.publish(read(noted)) }
    }

    /// Every batch holds a row for the archive, or else waits for the standby explicitly: a batch
    /// whose rows all exist would write nothing, and PostgreSQL would confirm it at once.
    private mutating func send<Changes: Statement>(
        _ rows: WriteBatch, _ reports: some Statement, _ tally: TallyReports,
        _ newMessages: AddNewMessages, _ changes: Changes,
        _ meanwhile: () -> Void, over connection: Connection, within limit: Duration
    ) throws(PostgresError) -> Changes.Row? {
        let archive = ArchiveCallbacks(callbacks: rows.callbacks)
        let news = rows.outcomes.filter { !knownOutcomes.contains($0.id) }
        let isOrdinary =
            news.isEmpty && rows.rejects.isEmpty && rows.released.isEmpty
            && rows.inbound.isEmpty && rows.optOuts.isEmpty && !rows.callbacks.isEmpty
        if isOrdinary, !waitsBriefly {
            let pending = try connection.send(
                archive, reports, tally, newMessages, changes, within: limit)
            meanwhile()
            return try pending.receive().4.first
        }
        let lockWait = waitsBriefly ? Self.briefLockWait : writer.settings.lockWait
        let pending = try connection.send(
            LimitLockWait(to: lockWait, isLocal: true), WaitForStandby(),
            UpsertOutcomes(outcomes: news), archive, QuarantineRejects(rejects: rows.rejects),
            ReleaseQuarantined(ids: rows.released), RecordInbound(rows: rows.inbound),
            RecordOptOuts(entries: rows.optOuts), reports, tally, newMessages, changes,
            within: limit)
        meanwhile()
        let noted = try pending.receive().11.first
        writer.quarantine.wrote(rows.rejects.lazy.map(\.reject))
        if knownOutcomes.count > Self.mostKnownOutcomes { knownOutcomes = [] }
        knownOutcomes.formUnion(news.lazy.map(\.id))
        return noted
    }

    private mutating func noteSuccess() {
        lastUse = .now
        pause = Self.shortestPause
        writer.databaseIsBack()
    }
}

extension Committer {
    /// After a failure that is not due to the data: waits a little, or refuses all entries.
    private mutating func outlast(_ error: PostgresError) {
        writer.refuse(taken.closeExpired(at: .now), .unavailable)
        // Another transaction won; the server itself works.
        let lostRace = error.code == .serialization
        if !lostRace { writer.databaseIsAway(error) }
        if !error.isTransient {
            // A missing grant or table: waiting does not help.
            writer.logger.log(
                .error, "a batch cannot be committed", limitKey: "",
                ["error": "\(error.description)"])
            writer.refuse(taken.closeAll(), .unavailable)
        } else if writer.isEnding, !lostRace {
            writer.refuse(taken.closeAll(), .stopping)
            writer.refuse(writer.queue.removeExpired(at: nil), .stopping)
        } else if !lostRace {
            backOff()
        }
    }

    /// Checks, in an idle thread, that it could write, so that an outage is known before a callback
    /// comes.
    private mutating func keepConnected() {
        let isFresh = .now - lastUse < Self.idleCheck && !writer.isAway
        if isFresh, let connection, connection.isAlive() { return }
        do throws(PostgresError) {
            try probe(try usableConnection())
            lastUse = .now
            pause = Self.shortestPause
            writer.probeWorked()
        } catch {
            writer.databaseIsAway(error)
            backOff()
        }
    }

    /// Writes no rows, because a connect alone shows neither a read-only server nor a missing
    /// grant.
    ///
    /// In a transaction, so that it is cancelled when it takes too long; it has nothing to commit.
    private func probe(_ connection: Connection) throws(PostgresError) {
        try connection.transaction { () throws(PostgresError) in
            _ = try connection.execute(
                UpsertOutcomes(outcomes: []), ArchiveCallbacks(callbacks: []),
                QuarantineRejects(rejects: []),
                RecordReports(reports: [], shard: shard), UpsertMessageStatus(decisive: []),
                within: Self.probeTime)
        }
    }

    private mutating func backOff() {
        // Jitter, so that many responders do not reconnect at the same moment.
        writer.pause(number, for: pause * Double.random(in: 0.5...1))
        pause = min(pause * 2, Self.longestPause)
    }

    /// The connection, opened again if the last one is unusable.
    mutating func usableConnection(
        beforeConnecting: () -> Void = {}
    ) throws(PostgresError) -> Connection {
        if let connection, connection.isAlive() {
            if writer.hasCommitDoubt {
                beforeConnecting()
                try writer.settleDoubt(over: connection)
            }
            return connection
        }
        beforeConnecting()
        if let connection { giveUp(connection) }
        connection = nil
        let fresh = try Connection(writer.database, within: Self.probeTime)
        try fresh.execute(
            LimitLockWait(to: writer.settings.lockWait, isLocal: false), within: Self.probeTime)
        connection = fresh
        try writer.settleDoubt(over: fresh)
        return fresh
    }

    /// Abandons a connection whose session may still be running and holding its locks.
    private mutating func giveUp(_ connection: Connection) {
        writer.abandoned(connection.processID)
        // Another server may have other outcomes in its table, and another floor.
        knownOutcomes = []
        knownFloor = nil
        if writer.hasCommitDoubt { changeShard() }
    }

    /// Switches to other rows of the tally when a session holds the current ones, perhaps for
    /// hours.
    mutating func changeShard() {
        shard = (shard + Self.shardDigits) % (Self.shardDigits * Self.shardDigits)
    }

    /// Lets another thread take new entries while this one is busy for long.
    mutating func stepAside() {
        guard isTaker else { return }
        isTaker = false
        writer.queue.stepAside()
    }

    static func answer(_ entries: [SubmissionQueue.Entry], _ result: Result<Void, SinkFailure>) {
        for entry in entries { entry.completion(result) }
    }
}
