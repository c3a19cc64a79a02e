import Domain
import Foundation
import Postgres
import Providers
import Settings
import Spool
import Store

/// `waybill verify`: whether all that was acknowledged is there, and all that is counted is right.
enum VerifyCommand {
    static let help = """
        usage: waybill verify [--receipts FILE] [--quick]

        Says of each receipt where its callback is. A receipt is the value of the header Waybill-Receipt that
        every 2xx to a callback has; the file has one a line, - is standard input. Then compares the status of
        each message, the tally and the counts of messages with a recount. Changes nothing; see waybill rebuild.
        Connects with DATABASE_URL, and reads the providers' settings as serve does.

        Each line has the receipt and one of:
          ledger      archived, and all of its reports are in the ledger; or these alone, when the archive's
                      time is over
          quarantine  archived; what could not be read of it is in quarantine
          spool       on this machine's disk, in the folder of WAYBILL_SPOOL_DIRECTORY, and not yet in the
                      database
          archive     archived, and not all of its reports are in the ledger: waybill replay brings them back
          lost        nowhere

          --receipts FILE  check these receipts
          --quick          only the receipts, no recount

        Exit status 0 if nothing is lost and nothing differs, 1 otherwise.
        """

    private static let batch = 100

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["receipts"], flags: ["quick"])
        guard arguments.value("receipts") != nil || !arguments.has("quick") else {
            throw CommandFailure(.usage, "--quick checks nothing without --receipts")
        }
        let interruption = Interruption()
        let receipts = try arguments.value("receipts").map { try Self.receipts(in: $0) } ?? []
        var environment = Environment()
        // Before the database is asked: what is moved meanwhile is found there.
        let spooled = try Self.spooled(environment.text(WaybillSettings.spoolDirectory))
        let (database, webhooks, _) = try environment.receivingDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            var isSound = true
            if arguments.value("receipts") != nil {
                var check = ReceiptCheck(
                    ArchiveReader(pool, logger: logger), ReplayJudge(webhooks), spooled,
                    interruption)
                try check.run(receipts)
                Output.line(check.summary)
                isSound = check.isSound
            }
            if !arguments.has("quick"), !interruption.isWanted {
                let fold = LedgerFold(pool, repairs: false, logger: logger)
                let recount = try Recount(fold, isDry: true, interruption).run()
                Output.line(recount.summary)
                isSound = isSound && recount.differences == 0
            }
            return isSound && !interruption.isWanted ? 0 : 1
        }
    }

    /// What the spool in a folder holds; nothing without a folder.
    static func spooled(_ directory: String?) throws(CommandFailure) -> Set<CallbackID> {
        guard let directory else { return [] }
        do throws(SpoolError) {
            return try SegmentSummary.callbacks(in: DiskFiles(directory: directory))
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// The ids in a file, one a line.
    private static func receipts(in path: String) throws(CommandFailure) -> [CallbackID] {
        let handle =
            path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle, let data = try? handle.readToEnd() ?? Data() else {
            throw CommandFailure("cannot read \(path)")
        }
        var ids: [CallbackID] = []
        let lines = String(decoding: data, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = line.filter { !$0.isWhitespace }
            if text.isEmpty { continue }
            guard let id = CallbackID(anyCase: text) else {
                throw CommandFailure("\(path): line \(number + 1) is no receipt")
            }
            ids.append(id)
        }
        return ids
    }
}

/// Finds out where acknowledged callbacks are, and prints a line for each.
struct ReceiptCheck {
    private let reader: ArchiveReader
    private let judge: ReplayJudge
    /// What is on the disk.
    private let spooled: Set<CallbackID>
    private let interruption: Interruption
    private var counts: [Place: Int] = [:]

    private static let batch = 100

    enum Place: String, CaseIterable {
        case ledger, quarantine, spool, archive, lost
    }

    init(
        _ reader: ArchiveReader, _ judge: ReplayJudge, _ spooled: Set<CallbackID>,
        _ interruption: Interruption
    ) {
        self.spooled = spooled
        self.reader = reader
        self.judge = judge
        self.interruption = interruption
    }

    /// Whether all of them are where they should be.
    var isSound: Bool { counts[.archive, default: 0] + counts[.lost, default: 0] == 0 }

    var summary: String {
        let all = counts.values.reduce(0, +)
        // Most have no spool, or an empty one.
        let shown = Place.allCases.filter { $0 != .spool || counts[$0] != nil }
        let parts = shown.map { "\(counts[$0, default: 0]) \($0.rawValue)" }
        return "\(all) receipts: \(parts.joined(separator: ", "))"
    }

    /// Checks them in the order of their times, which is that of their ids.
    mutating func run(_ receipts: [CallbackID]) throws(StoreFailure) {
        let sorted = Set(receipts).sorted()
        var missing: [CallbackID] = []
        var bar = ProgressBar(of: "receipts")
        for start in stride(from: 0, to: sorted.count, by: Self.batch) {
            if interruption.isWanted { break }
            let began = ContinuousClock.now
            let ids = Array(sorted[start..<min(start + Self.batch, sorted.count)])
            let found = try reader.callbacks(ids)
            let places = try places(of: found)
            bar.clear()
            for id in ids {
                if let place = places[id] { tell(id, place) } else { missing.append(id) }
            }
            bar.show(start + ids.count, share: Double(start + ids.count) / Double(sorted.count))
            interruption.rest(after: .now - began)
        }
        bar.clear()
        let inLedger = try reader.inLedger(missing)
        for id in missing {
            tell(id, inLedger.contains(id) ? .ledger : spooled.contains(id) ? .spool : .lost)
        }
    }

    /// Where archived callbacks are besides.
    private func places(of found: [KeptCallback]) throws(StoreFailure) -> [CallbackID: Place] {
        var places: [CallbackID: Place] = [:]
        var reports: [CallbackID: [Report]] = [:]
        for kept in found {
            let id = kept.callback.id
            switch judge.verdict(on: kept) {
            case .store(let submission, _):
                reports[id] = submission.reports
                places[id] = kept.parts.isEmpty ? .ledger : .quarantine
            // Unreadable, or of a provider that is not configured here: the archive is all there is.
            case .unreadable, .refused, .notReceived: places[id] = .quarantine
            }
        }
        let known = try reader.known(reports.values.flatMap { $0 })
        for (id, reports) in reports where places[id] == .ledger {
            if reports.contains(where: { !known.contains(ReportKey($0)) }) { places[id] = .archive }
        }
        return places
    }

    private mutating func tell(_ id: CallbackID, _ place: Place) {
        counts[place, default: 0] += 1
        Output.line("\(id)\t\(place.rawValue)")
    }
}
