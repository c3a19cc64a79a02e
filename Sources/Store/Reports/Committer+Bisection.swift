import Domain
import Postgres
import Telemetry

extension Committer {
    /// Divides a batch that PostgreSQL refused for its data, or that met rows which another
    /// transaction holds: first by submissions, so that the good ones are answered at once, then
    /// each bad one until its bad rows are alone.
    ///
    /// Entries that wait for locks are deferred, and tried again until their deadline apart from
    /// the others. Returns, or throws when the database cannot be reached, with some entries
    /// unanswered; they may be written again.
    mutating func bisect(refused error: PostgresError) throws(PostgresError) {
        stepAside()
        var bisection = Bisection(refused: error)
        let waitedBriefly = waitsBriefly
        waitsBriefly = true
        defer {
            waitsBriefly = waitedBriefly
            writer.metrics.poison.add(bisection.refusedRows)
            writer.metrics.lockWaits.add(bisection.lockWaits)
            bisection.log(to: writer.logger)
        }
        if error.isLockWait {
            bisection.metLock()
            changeShard()
            try putHeldAside()
        }
        // Small ones first: a huge one may use up the budget for all.
        let bad = try commitGood(&bisection).sorted { a, b in rowCount(a) < rowCount(b) }
        for index in bad {
            do throws(PostgresError) {
                try takeApart(index, &bisection)
                Self.answer(taken.close(index..<index + 1), .success(()))
            } catch {
                guard error.isLockWait else { throw error }
                putAside(index..<index + 1)
            }
        }
    }

    /// Commits and answers all submissions that PostgreSQL accepts, and defers those that wait for
    /// locks; returns the places of the others.
    private mutating func commitGood(_ bisection: inout Bisection) throws(PostgresError) -> [Int] {
        var bad: [Int] = []
        var held: [Range<Int>] = []
        var parts = Self.halves(of: taken.indices)
        while let part = parts.popLast() {
            let submissions = part.compactMap { taken[$0]?.submission }
            if submissions.isEmpty { continue }
            guard bisection.mayWaitOn else {
                putAside(part)
                continue
            }
            do throws(PostgresError) {
                try write(
                    WriteBatch(submissions, writer.settings.optOuts), asNewReports: false,
                    asNewMessages: false)
                Self.answer(taken.close(part), .success(()))
            } catch {
                if error.isLockWait {
                    bisection.metLock()
                    if part.count > 1 { parts += Self.halves(of: part) } else { held.append(part) }
                    continue
                }
                guard error.isBadData else { throw error }
                bisection.wasRefused(error)
                if part.count > 1 {
                    parts += Self.halves(of: part)
                } else {
                    bad.append(part.lowerBound)
                }
            }
        }
        // After the entries that were not tried, which come first the next time.
        for part in held { putAside(part) }
        return bad
    }

    /// Defers entries about messages whose rows another transaction holds, without waiting for any.
    /// Rows that it cannot see, such as new ones of that transaction, are found by trying.
    mutating func putHeldAside() throws(PostgresError) {
        var messages: Set<MessageID> = []
        for entry in taken.open { messages.formUnion(entry.submission.reports.lazy.map(\.message)) }
        if messages.isEmpty { return }
        let (_, held) = try usableConnection().execute(
            CommitLazily(), SelectHeldMessages(messages: messages.sorted()),
            within: writer.settings.commitDeadline)
        let isHeld = Set(held.rows)
        if isHeld.isEmpty { return }
        writer.metrics.lockWaits.add()
        for index in taken.indices {
            let reports = taken[index]?.submission.reports ?? []
            if reports.contains(where: { isHeld.contains($0.message) }) {
                putAside(index..<index + 1)
            }
        }
    }

    /// Leaves entries to be tried again soon, if they are still open.
    private func putAside(_ part: Range<Int>) {
        writer.queue.putAside(taken.close(part))
    }

    private func rowCount(_ index: Int) -> Int {
        (taken[index]?.submission).map { $0.reports.count + $0.rejects.count } ?? 0
    }

    /// Commits what PostgreSQL accepts of one submission, and puts the rest into quarantine.
    private mutating func takeApart(
        _ index: Int, _ bisection: inout Bisection
    ) throws(PostgresError) {
        guard let submission = taken[index]?.submission else { return }
        let items = WriteBatch.items(of: CollectionOfOne(submission))
        var parts = Self.halves(of: items.indices)
        var untried: [WriteBatch.Item] = []
        while let part = parts.popLast() {
            // Refused at its deadline; what is committed by now is merged with the repetition.
            if taken[index] == nil { return }
            do throws(PostgresError) {
                try write(
                    WriteBatch(items: items[part], writer.settings.optOuts), asNewReports: false,
                    asNewMessages: false)
            } catch {
                guard error.isBadData else { throw error }
                bisection.wasRefused(error)
                if !bisection.mayGoOn {
                    untried += items[part]
                } else if part.count > 1 {
                    parts += Self.halves(of: part)
                } else {
                    bisection.foundRow()
                    let row = items[part.lowerBound].refused(
                        "PostgreSQL refused the row with SQLSTATE \(error.stateText).")
                    try quarantine([row], &bisection)
                }
            }
        }
        if !untried.isEmpty { try giveUp(untried, &bisection) }
    }

    /// Puts rows into quarantine without trying each alone, and archives their callback.
    private mutating func giveUp(
        _ items: [WriteBatch.Item], _ bisection: inout Bisection
    ) throws(PostgresError) {
        var rows: [QuarantineRejects.Rejected] = []
        for item in items {
            let isTried =
                switch item {
                case .callback, .release: true
                case .report, .reject, .inbound, .optOut: false
                }
            if isTried {
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
                        + " \(Bisection.mostRefusedRows) others that came together."))
        }
        bisection.gaveUp(rows: rows.count)
        try quarantine(rows, &bisection)
    }

    private mutating func quarantine(
        _ rows: [QuarantineRejects.Rejected], _ bisection: inout Bisection
    ) throws(PostgresError) {
        guard let first = rows.first else { return }
        // All rows are of one callback. If its own row is among them, they describe it.
        let refused = rows.first { !$0.isArchived } ?? first
        let kept = writer.quarantine.admit(rows.map(\.reject)).map { reject in
            refused.with(reject)
        }
        do throws(PostgresError) {
            _ = try usableConnection().execute(
                QuarantineRejects(rejects: kept), within: writer.settings.commitDeadline)
            writer.quarantine.wrote(kept.lazy.map(\.reject))
        } catch {
            guard error.isBadData else { throw error }
            bisection.lost(rows: rows.count)
        }
    }

    /// The part that is tried first comes last. A part of one is not halved.
    private static func halves(of part: Range<Int>) -> [Range<Int>] {
        guard part.count > 1 else { return [part] }
        let middle = part.lowerBound + part.count / 2
        return [middle..<part.upperBound, part.lowerBound..<middle]
    }
}

extension PostgresError {
    fileprivate var stateText: String { sqlState.map { "\($0)" } ?? "unknown" }
}

extension WriteBatch.Item {
    private typealias Rejected = QuarantineRejects.Rejected

    /// The row as it is stored in quarantine.
    fileprivate func refused(_ detail: String) -> QuarantineRejects.Rejected {
        switch self {
        case .report(let report, let callback, let receivedAt):
            return Self.refused(
                report.provider, callback, receivedAt, "message \(report.message)", detail)
        case .inbound(let row):
            return Self.refused(
                row.message.provider, row.callback, row.receivedAt, "inbound \(row.message.id)",
                detail)
        case .optOut(let notice, let callback, let receivedAt):
            return Self.refused(
                notice.provider, callback, receivedAt, "opt-out \(notice.id)", detail)
        case .reject(let rejected):
            // Most likely its own texts were refused.
            let reject = rejected.reject
            return rejected.with(Self.reject(reject.place.withoutNUL, detail, reject.excerpt))
        case .callback(let callback):
            return Rejected(
                Self.reject("callback", detail, callback.body), of: callback, isArchived: false)
        case .release(let id, let callback):
            return Rejected(
                Self.reject("quarantine \(id)", detail, []), of: callback, isArchived: true)
        }
    }

    /// A part of a callback; the archive has the part itself.
    private static func refused(
        _ provider: Provider, _ callback: CallbackID, _ receivedAt: Timestamp, _ place: String,
        _ detail: String
    ) -> Rejected {
        let origin = ReceivedCallback(
            id: callback, provider: provider, uri: "", contentType: nil, receivedAt: receivedAt,
            body: [])
        return Rejected(reject(place, detail, []), of: origin, isArchived: true)
    }

    private static func reject(_ place: String, _ detail: String, _ excerpt: [UInt8]) -> Reject {
        Reject(reason: "database_refused", place: place, detail: detail, excerpt: excerpt)
    }
}
