import Domain
import Postgres
import Telemetry

extension Committer {
    /// Takes a batch apart that PostgreSQL refused for its data: first by submissions, so that the
    /// good ones are answered at once, then each bad one until its bad rows stand alone.
    ///
    /// Returns, or throws when the database went away, with what is not answered; that may be
    /// written again.
    mutating func isolate(
        _ entries: [SubmissionQueue.Entry], refused error: PostgresError,
        remaining: inout [SubmissionQueue.Entry]
    ) throws(PostgresError) {
        stepAside()
        var isolation = Isolation(entries, refused: error)
        defer {
            remaining = isolation.open
            writer.metrics.poison.add(isolation.refusedRows)
            isolation.log(to: writer.logger)
        }
        // Small ones first: a huge one may use up what may be spent on all.
        let bad = try commitGood(&isolation).sorted { a, b in
            isolation.rowCount(a) < isolation.rowCount(b)
        }
        for index in bad {
            try takeApart(index, &isolation)
            Self.answer(isolation.close(index..<index + 1), .success(()))
        }
    }

    /// Commits and answers all submissions that PostgreSQL takes; returns the places of the others.
    private mutating func commitGood(_ isolation: inout Isolation) throws(PostgresError) -> [Int] {
        var bad: [Int] = []
        var parts = Self.halves(of: isolation.indices)
        while let part = parts.popLast() {
            answerExpired(&isolation)
            let submissions = part.compactMap { isolation.submission($0) }
            if submissions.isEmpty { continue }
            do throws(PostgresError) {
                try write(WriteBatch(submissions), asNewReports: false, asNewMessages: false)
                Self.answer(isolation.close(part), .success(()))
            } catch {
                guard error.isBadData else { throw error }
                isolation.wasRefused(error)
                if part.count > 1 {
                    parts += Self.halves(of: part)
                } else {
                    bad.append(part.lowerBound)
                }
            }
        }
        return bad
    }

    /// Commits what PostgreSQL takes of one submission, and puts the rest into quarantine.
    private mutating func takeApart(
        _ index: Int, _ isolation: inout Isolation
    ) throws(PostgresError) {
        guard let submission = isolation.submission(index) else { return }
        let items = WriteBatch.items(of: CollectionOfOne(submission))
        var parts = Self.halves(of: items.indices)
        var untried: [WriteBatch.Item] = []
        while let part = parts.popLast() {
            answerExpired(&isolation)
            // What is committed by now is merged with the repetition.
            if isolation.submission(index) == nil { return }
            do throws(PostgresError) {
                try write(
                    WriteBatch(items: items[part]), asNewReports: false, asNewMessages: false)
            } catch {
                guard error.isBadData else { throw error }
                isolation.wasRefused(error)
                if !isolation.mayGoOn {
                    untried += items[part]
                } else if part.count > 1 {
                    parts += Self.halves(of: part)
                } else {
                    isolation.foundRow()
                    let row = items[part.lowerBound].refused(
                        "PostgreSQL refused the row with SQLSTATE \(error.stateText).")
                    try quarantine([row], &isolation)
                }
            }
        }
        if !untried.isEmpty { try giveUp(untried, &isolation) }
    }

    /// Puts rows into quarantine that nobody tried alone, but archives their callback.
    private mutating func giveUp(
        _ items: [WriteBatch.Item], _ isolation: inout Isolation
    ) throws(PostgresError) {
        var rows: [WriteBatch.Refused] = []
        for item in items {
            if case .callback = item {
                do throws(PostgresError) {
                    try write(
                        WriteBatch(items: [item]), asNewReports: false, asNewMessages: false)
                    continue
                } catch {
                    guard error.isBadData else { throw error }
                }
            }
            rows.append(
                item.refused(
                    "PostgreSQL refused this row or one beside it, after"
                        + " \(Isolation.mostRefusedRows) others that came together."))
        }
        isolation.gaveUp(rows: rows.count)
        try quarantine(rows, &isolation)
    }

    private mutating func quarantine(
        _ rows: [WriteBatch.Refused], _ isolation: inout Isolation
    ) throws(PostgresError) {
        do throws(PostgresError) {
            _ = try usableConnection().execute(
                QuarantineRejects(rejects: rows), within: writer.settings.commitDeadline)
        } catch {
            guard error.isBadData else { throw error }
            isolation.lost(rows: rows.count)
        }
    }

    /// Refuses what is past its deadline, of this batch and of what waits for the next one.
    private mutating func answerExpired(_ isolation: inout Isolation) {
        let now = ContinuousClock.now
        Self.answer(isolation.closeExpired(at: now), .failure(.unavailable))
        answerExpiredWaiting(at: now)
    }

    /// The part that is tried first stands last. A part of one is not halved.
    private static func halves(of part: Range<Int>) -> [Range<Int>] {
        guard part.count > 1 else { return [part] }
        let middle = part.lowerBound + part.count / 2
        return [middle..<part.upperBound, part.lowerBound..<middle]
    }
}

extension Isolation {
    fileprivate func rowCount(_ index: Int) -> Int {
        submission(index).map { $0.reports.count + $0.rejects.count } ?? 0
    }
}

extension PostgresError {
    fileprivate var stateText: String { sqlState.map { "\($0)" } ?? "unknown" }
}

extension WriteBatch {
    typealias Refused = (reject: Reject, callback: ArchivedCallback)
}

extension WriteBatch.Item {
    /// The row as quarantine keeps it.
    fileprivate func refused(_ detail: String) -> WriteBatch.Refused {
        switch self {
        case .report(let report, let callback, let receivedAt):
            let origin = ArchivedCallback(
                id: callback, provider: report.provider, receivedAt: receivedAt, uri: "", body: [])
            // The archive has what it said.
            return (Self.reject("message \(report.message)", detail, []), origin)
        case .reject(let reject, let callback):
            // Its own texts are what was refused, most likely.
            let place = reject.place.replacing("\0", with: "\u{FFFD}")
            return (Self.reject(place, detail, reject.excerpt), callback)
        case .callback(let callback):
            return (Self.reject("callback", detail, callback.body), callback)
        }
    }

    private static func reject(_ place: String, _ detail: String, _ excerpt: [UInt8]) -> Reject {
        Reject(reason: "database_refused", place: place, detail: detail, excerpt: excerpt)
    }
}
