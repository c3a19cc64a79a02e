import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store

/// `waybill rebuild`: works statuses and counts out again from the ledger.
enum RebuildCommand {
    static let help = """
        usage: waybill rebuild [--dry-run]

        Folds the ledger again, by today's rules: the status of each message from its reports and its events,
        the tally from the reports, and the counts of messages from the messages. Corrects what differs, and
        says what it was. Needed after a change of the rules, and after somebody has changed tables by hand.
        Connects with MIGRATE_DATABASE_URL, or else with DATABASE_URL: the role must own the tables.

          --dry-run  only say what would change

        It works beside a running service: in small portions with pauses, none of which keeps a writer waiting
        for long; the tally takes one pass over all reports. Ctrl-C ends it after its portion; it can be
        repeated. Messages whose own events are no longer kept cannot be judged where these decide.

        Exit status 0; 1 if the database does not answer; 3 with --dry-run if something would change.
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, flags: ["dry-run"])
        let isDry = arguments.has("dry-run")
        let interruption = Interruption()
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.owningDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let fold = LedgerFold(pool, repairs: !isDry, logger: logger)
            if !isDry {
                try AuditLog(pool, logger: logger).write(
                    AuditEntry(.rebuildLedger, of: "ledger", by: .commandLine, at: .now))
            }
            let recount = try Recount(fold, isDry: isDry, interruption).run()
            Output.line(recount.summary)
            return isDry && recount.differences > 0 ? 3 : 0
        }
    }
}

/// Compares statuses and counts with the ledger, with a progress bar, and prints what differs.
struct Recount {
    private let fold: LedgerFold
    private let isDry: Bool
    private let interruption: Interruption
    private(set) var messages = 0
    private(set) var wrong = 0
    private(set) var missing = 0
    private(set) var unjudged = 0
    private(set) var reports = 0
    private(set) var tally = TallyDifference(rows: 0, reports: 0, first: nil, last: nil)
    private(set) var hours = 0
    private var lines = 0

    private static let portion = 500
    /// So many differences are printed, and all are counted.
    private static let mostLines = 1000

    init(_ fold: LedgerFold, isDry: Bool, _ interruption: Interruption) {
        self.fold = fold
        self.isDry = isDry
        self.interruption = interruption
    }

    /// Whatever is not as the ledger says.
    var differences: Int { wrong + missing + reports + tally.rows + hours }

    /// All of it in one line.
    var summary: String {
        let word = isDry ? "differ" : "corrected"
        var text =
            "\(messages) messages: \(wrong) statuses \(word), \(missing) without a row,"
            + " \(unjudged) not judged; \(reports) precedences \(word)"
        text += "; tally: \(tally.reports) reports in \(tally.rows) rows \(word)"
        text += "; counts of \(hours) hours \(word)"
        return text + (interruption.isWanted ? "; interrupted" : "")
    }

    /// Runs until the end, or until somebody wants it to end.
    func run() throws(StoreFailure) -> Recount {
        var recount = self
        try recount.walk()
        if !interruption.isWanted { recount.tally = try fold.tally() }
        if recount.tally.rows > 0 {
            let hours = [recount.tally.first, recount.tally.last].compactMap { $0?.description }
            Output.line(
                "tally\t\(recount.tally.reports) reports in \(recount.tally.rows) rows, hours from "
                    + hours.joined(separator: " to "))
        }
        try recount.countHours()
        return recount
    }

    private mutating func walk() throws(StoreFailure) {
        let all = try fold.estimate()
        var bar = ProgressBar(of: "messages")
        var place: MessageID?
        repeat {
            let began = ContinuousClock.now
            let portion = try fold.portion(after: place, limit: Self.portion)
            messages += portion.messages
            unjudged += portion.unjudged
            reports += portion.reports
            if !portion.differences.isEmpty { bar.clear() }
            for difference in portion.differences { note(difference) }
            place = portion.next
            bar.show(messages, share: all.map { Double(messages) / Double(max(messages, $0)) })
            interruption.rest(after: .now - began)
        } while place != nil && !interruption.isWanted
        bar.clear()
    }

    private mutating func note(_ difference: LedgerFold.Difference) {
        if difference.kept == nil { missing += 1 } else { wrong += 1 }
        lines += 1
        if lines == Self.mostLines + 1 { Output.line("more are only counted") }
        guard lines <= Self.mostLines else { return }
        let kept = difference.kept?.rawValue ?? "no row"
        let hint = difference.kept == nil ? "; waybill replay brings it back" : ""
        Output.line("\(difference.message)\t\(kept) -> \(difference.folded.rawValue)\(hint)")
    }

    private mutating func countHours() throws(StoreFailure) {
        var time = Timestamp.now.advanced(by: .seconds(3600))
        while !interruption.isWanted, let hour = try fold.hour(before: time) {
            let began = ContinuousClock.now
            if try fold.statistics(of: hour) > 0 {
                hours += 1
                Output.line("counts of the hour from \(hour)")
            }
            time = hour
            interruption.rest(after: .now - began)
        }
    }
}
