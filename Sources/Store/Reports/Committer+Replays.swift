import Domain
import Postgres
import Telemetry

extension Committer {
    /// How long a look for callbacks without an index may take. Later, a second copy in the archive
    /// is the smaller evil.
    private static let scanTime: Duration = .seconds(1)

    /// Finds out which replayed callbacks are archived, and leaves them out, with their rejects.
    ///
    /// Their reports are written all the same: a batch that PostgreSQL refused was committed in
    /// parts. Costs nothing unless there are replays.
    ///
    /// - Parameters:
    ///   - entries: what is open.
    ///   - meanwhile: what to do while the server works.
    /// - Returns: the open entries.
    /// - Throws: the error of a look-up.
    mutating func leaveOutArchived(
        of entries: [SubmissionQueue.Entry], meanwhile: () -> Void
    ) throws(PostgresError) -> [SubmissionQueue.Entry] {
        guard mayHoldReplays, writer.settings.mayReadArchive,
            entries.contains(where: { $0.submission.archiving == .addIfMissing })
        else { return entries }
        let places = taken.indices.compactMap { index in
            (taken[index]?.submission).flatMap { $0.archiving == .addIfMissing ? (index, $0) : nil }
        }
        let archived = try archived(places.map(\.1), meanwhile)
        taken.replace(
            Dictionary(
                uniqueKeysWithValues: places.lazy.filter { archived.contains($0.1.callback.id) }
                    .map { ($0.0, $0.1.asArchived) }))
        return taken.open
    }

    /// After an unknown outcome: they are written again with a check.
    mutating func mayBeArchived() {
        guard writer.settings.mayReadArchive else { return }
        mayHoldReplays = true
        taken.replace(
            Dictionary(
                uniqueKeysWithValues: taken.indices.compactMap { index in
                    (taken[index]?.submission).flatMap {
                        $0.archiving == .add ? (index, $0.asReplay) : nil
                    }
                }))
    }

    /// Which of the callbacks are in the archive.
    ///
    /// A callback is committed together with its reports, so most are found by the ledger's key. The
    /// archive itself is asked only about callbacks without a report, and those whose reports
    /// another one brought as well.
    private mutating func archived(
        _ submissions: [Submission], _ meanwhile: () -> Void
    ) throws(PostgresError) -> Set<CallbackID> {
        let connection = try usableConnection(beforeConnecting: meanwhile)
        let reports = submissions.flatMap(\.reports)
        var ledger: [ReportKey: CallbackID] = [:]
        if !reports.isEmpty {
            let pending = try connection.send(
                PreferIndexes(), SelectReportCallbacks(reports: reports),
                within: writer.settings.commitDeadline)
            meanwhile()
            for row in try pending.receive().1.rows { ledger[row.key] = row.callback }
        }
        var archived: Set<CallbackID> = []
        var unsure: [ReceivedCallback] = []
        for submission in submissions {
            let callback = submission.callback
            let found = submission.reports.map { ledger[ReportKey($0)] }
            if found.contains(callback.id) {
                archived.insert(callback.id)
            } else if found.isEmpty || found.contains(where: { $0 != nil }) {
                unsure.append(callback)
            }
        }
        if !unsure.isEmpty { archived.formUnion(try scan(for: unsure)) }
        return archived
    }

    private mutating func scan(
        for callbacks: [ReceivedCallback]
    ) throws(PostgresError) -> [CallbackID] {
        do throws(PostgresError) {
            return try usableConnection().execute(
                SelectArchivedIDs(callbacks: callbacks), within: Self.scanTime
            ).rows
        } catch {
            guard error.code == .timeout else { throw error }
            writer.logger.log(
                .warning, "the archive was not searched in time; it may get second copies",
                ["callbacks": .integer(Int64(callbacks.count))])
            return []
        }
    }
}
